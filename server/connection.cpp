#include "server/connection.h"

#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/span_body.hpp>
#include <boost/beast/http/vector_body.hpp>
#include <boost/beast/http/write.hpp>

#include "server/dispatch.h"
#include "server/services.h"

namespace mj::server {
namespace {

using HeaderParser = http::request_parser<http::empty_body>;
using BodyParser = http::request_parser<http::vector_body<uint8_t>>;
using Milliseconds = std::chrono::milliseconds;

constexpr std::size_t kBufferBytes = 64 * 1024;
constexpr std::size_t kLingerBytes = 1024 * 1024;

/// How long `bytes` may take at the minimum rate.
Milliseconds at_minimum_rate(uint64_t bytes, const Deadlines& deadlines) {
  return Milliseconds(bytes * 1000 / std::max<uint32_t>(deadlines.bytes_per_second, 1));
}

/// A share of kBodiesInFlight, given back on destruction.
class BodyShare {
 public:
  BodyShare(Services& services, uint64_t bytes) : services_(services), bytes_(bytes) {
    services_.bodies_in_flight += bytes_;
  }
  ~BodyShare() { services_.bodies_in_flight -= bytes_; }
  BodyShare(const BodyShare&) = delete;
  BodyShare& operator=(const BodyShare&) = delete;

 private:
  Services& services_;
  const uint64_t bytes_;
};

/// What may be under way for a body of this size to be taken: those that try to fill it with large ones leave
/// room for small ones.
uint64_t allowance(uint64_t share) {
  return share <= kModestBody ? kBodiesInFlight : kBodiesInFlight / 4 * 3;
}

/// A workstation uploads one thing at a time; more connections do not give it more.
class Uploading {
 public:
  Uploading(Services& services, const Route* route, const Request& request)
      : services_(services), applies_(route != nullptr && route->access == Access::workstation) {
    if (applies_) entry_ = services_.uploading.insert(request.who.id);
  }
  ~Uploading() {
    if (applies_ && entry_.second) services_.uploading.erase(entry_.first);
  }
  Uploading(const Uploading&) = delete;
  Uploading& operator=(const Uploading&) = delete;

  [[nodiscard]] bool refused() const { return applies_ && !entry_.second; }

 private:
  Services& services_;
  const bool applies_;
  std::pair<std::set<std::string>::iterator, bool> entry_;
};

/// `Layer` is beast::tcp_stream or TLS on top of it.
template <class Layer>
class Connection {
 public:
  Connection(Layer& layer, ConnectionHandle& handle, Services& services, const Deadlines& deadlines, bool tls)
      : layer_(layer), handle_(handle), services_(services), deadlines_(deadlines), tls_(tls) {}

  asio::awaitable<void> run() {
    bool again = true;
    for (bool first = true; again && !handle_.closing; first = false) {
      if (!first && !co_await wait_for_next()) break;
      again = co_await one_request();
    }
  }

 private:
  auto& lowest() { return beast::get_lowest_layer(layer_); }

  /// Between requests: nothing is under way, so there is more patience and stop() need not wait.
  asio::awaitable<bool> wait_for_next() {
    if (buffer_.size() > 0) co_return true;  // the client pipelines
    handle_.idle = true;
    lowest().expires_after(deadlines_.idle);
    auto [ec, bytes] = co_await layer_.async_read_some(buffer_.prepare(kBufferBytes / 4), kTuple);
    buffer_.commit(bytes);
    co_return !ec && !handle_.closing;
  }

  /// False: the connection is over.
  asio::awaitable<bool> one_request() {
    HeaderParser parser;
    parser.header_limit(kHeaderBytes);
    parser.body_limit(boost::none);  // the route decides
    lowest().expires_after(deadlines_.header);
    auto [ec, bytes] = co_await http::async_read_header(layer_, buffer_, parser, kTuple);
    if (ec) co_return co_await refuse_header(ec);
    handle_.idle = false;
    started_ = std::chrono::steady_clock::now();

    Request request;
    request.method = parser.get().method();
    request.header = parser.get();
    request.peer = handle_.address;
    request.tls = tls_;
    head_only_ = request.method == http::verb::head;
    keep_alive_ = parser.keep_alive();
    const auto host_count = parser.get().count(http::field::host);
    if (host_count > 1 || (host_count == 0 && parser.get().version() >= 11)) {
      co_return co_await refuse(parser, error_answer({ErrorKind::invalid, "exactly one Host is needed"}));
    }
    const auto target = parser.get().target();
    Admission admission = co_await admit(request, {target.data(), target.size()}, services_);
    if (admission.answer) co_return co_await refuse(parser, std::move(*admission.answer), admission.route);
    co_return co_await with_body(parser, admission, request);
  }

  asio::awaitable<bool> with_body(HeaderParser& parser, Admission& admission, Request& request) {
    const uint32_t limit = admission.route != nullptr ? admission.route->body_limit : 0;
    const uint64_t declared = parser.content_length().value_or(0);
    if (declared > limit || (limit == 0 && parser.chunked())) {
      const Error error{ErrorKind::invalid, fmt::format("the body is larger than {} bytes", limit)};
      co_return co_await refuse(parser, error_answer(http::status::payload_too_large, error),
                                admission.route);
    }
    const uint64_t share = parser.chunked() ? limit : declared;
    const Uploading uploading(services_, admission.route, request);
    if (uploading.refused() || services_.bodies_in_flight + share > allowance(share)) {
      const Error error{ErrorKind::unavailable, "too much is being received; try again"};
      co_return co_await refuse(parser, retry_after(error_answer(error), std::chrono::seconds(2)),
                                admission.route);
    }
    const BodyShare in_flight(services_, share);
    if (auto refused = co_await read_body(parser, limit, request)) {
      keep_alive_ = false;
      co_return co_await write(std::move(*refused), admission.route) && co_await linger();
    }
    if (broken_) co_return false;
    Response response = co_await answer(admission, request, services_);
    co_return co_await write(std::move(response), admission.route) && keep_alive_;
  }

  /// An answer if the body is refused. `broken_` if the client is gone.
  asio::awaitable<std::optional<Response>> read_body(HeaderParser& header, uint32_t limit, Request& request) {
    const bool expects = beast::iequals(header.get()[http::field::expect], "100-continue");
    BodyParser parser(std::move(header));
    parser.body_limit(limit);
    if (expects && !parser.is_done()) co_await tell_to_continue();
    const auto begun = std::chrono::steady_clock::now();
    uint64_t received = 0;
    while (!broken_ && !parser.is_done()) {
      lowest().expires_at(begun + deadlines_.body_grace + at_minimum_rate(received, deadlines_));
      auto [ec, bytes] = co_await http::async_read_some(layer_, buffer_, parser, kTuple);
      received += bytes;
      if (ec == http::error::body_limit) {
        const Error error{ErrorKind::invalid, fmt::format("the body is larger than {} bytes", limit)};
        co_return error_answer(http::status::payload_too_large, error);
      }
      if (ec == beast::error::timeout) broken_ = true;
      if (ec && !broken_) co_return error_answer({ErrorKind::invalid, "the body is not as its header says"});
    }
    request.body = std::move(parser.get().body());
    co_return std::nullopt;
  }

  asio::awaitable<void> tell_to_continue() {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    lowest().expires_after(deadlines_.write_grace);
    auto [ec, bytes] = co_await asio::async_write(layer_, asio::buffer(kContinue), kTuple);
    broken_ = static_cast<bool>(ec);
  }

  /// What is no HTTP gets an answer if it deserves one; who was silent or gone gets none.
  asio::awaitable<bool> refuse_header(beast::error_code ec) {
    if (ec.category() != http::make_error_code(http::error::bad_method).category()) co_return false;
    if (ec == http::error::end_of_stream || ec == http::error::partial_message) co_return false;
    const bool too_large = ec == http::error::header_limit || ec == http::error::buffer_overflow;
    const auto status = too_large ? http::status::request_header_fields_too_large : http::status::bad_request;
    const Error error{ErrorKind::invalid,
                      too_large ? fmt::format("the header is larger than {} bytes", kHeaderBytes)
                                : "this is not a HTTP/1.1 request"};
    keep_alive_ = false;
    started_ = std::chrono::steady_clock::now();
    co_await write(error_answer(status, error), nullptr);
    co_return co_await linger();
  }

  /// An early answer. A body that nobody will read ends the connection.
  asio::awaitable<bool> refuse(const HeaderParser& parser, Response response, const Route* route = nullptr) {
    const bool body_follows = parser.chunked() || parser.content_length().value_or(0) > 0;
    if (body_follows) keep_alive_ = false;
    const bool written = co_await write(std::move(response), route);
    if (written && body_follows) co_return co_await linger();
    co_return written&& keep_alive_;
  }

  asio::awaitable<bool> write(Response response, const Route* route) {
    if (handle_.closing) keep_alive_ = false;
    add_common_headers(response, tls_, services_.context.clock.now());
    const bool written = std::holds_alternative<Stream>(response.body) ? co_await write_stream(response)
                                                                       : co_await write_text(response);
    services_.metrics.request_done(route != nullptr ? route->pattern : "other",
                                   static_cast<unsigned>(response.status),
                                   std::chrono::steady_clock::now() - started_);
    co_return written;
  }

  template <class Message>
  void fill(Message& message, const Response& response) const {
    static_cast<http::fields&>(message.base()) = response.header;
    message.result(response.status);
    message.version(11);
    message.keep_alive(keep_alive_);
    const bool bodiless =
        response.status == http::status::no_content || response.status == http::status::not_modified;
    if (!bodiless) message.content_length(response.body_bytes());
  }

  asio::awaitable<bool> write_text(const Response& response) {
    const auto* owned = std::get_if<std::string>(&response.body);
    const std::string_view text =
        owned != nullptr ? std::string_view(*owned) : std::get<std::string_view>(response.body);
    http::response<http::span_body<const char>> message;
    fill(message, response);
    if (!head_only_) message.body() = {text.data(), text.size()};
    http::response_serializer<http::span_body<const char>> serializer(message);
    lowest().expires_after(deadlines_.write_grace + at_minimum_rate(text.size(), deadlines_));
    if (head_only_) {
      auto [ec, bytes] = co_await http::async_write_header(layer_, serializer, kTuple);
      co_return !ec;
    }
    auto [ec, bytes] = co_await http::async_write(layer_, serializer, kTuple);
    co_return !ec;
  }

  asio::awaitable<bool> write_stream(const Response& response) {
    const Stream& stream = std::get<Stream>(response.body);
    http::response<http::empty_body> message;
    fill(message, response);
    http::response_serializer<http::empty_body> serializer(message);
    lowest().expires_after(deadlines_.write_grace);
    auto [ec, bytes] = co_await http::async_write_header(layer_, serializer, kTuple);
    uint64_t sent = 0;
    while (!ec && !head_only_ && sent < stream.bytes) {
      const auto wanted = static_cast<uint32_t>(std::min<uint64_t>(kPieceBytes, stream.bytes - sent));
      const auto piece = co_await on_work(services_.work, [&] { return stream.read(sent, wanted); });
      if (!piece || piece->size() != wanted) {
        spdlog::error("http: a segment ends early: {}",
                      piece ? "fewer bytes than the index says" : piece.error().message);
        co_return false;
      }
      lowest().expires_after(deadlines_.write_grace + at_minimum_rate(wanted, deadlines_));
      std::tie(ec, bytes) = co_await asio::async_write(layer_, asio::buffer(*piece), kTuple);
      sent += wanted;
    }
    co_return !ec;
  }

  /// Takes what the client still sends, for a moment, so that closing does not destroy the answer on its way
  /// (RFC 9112 §9.6).
  asio::awaitable<bool> linger() {
    lowest().expires_after(deadlines_.linger);
    for (std::size_t taken = buffer_.size(); taken < kLingerBytes;) {
      buffer_.clear();
      auto [ec, bytes] = co_await layer_.async_read_some(buffer_.prepare(kBufferBytes / 4), kTuple);
      if (ec) break;
      taken += bytes;
    }
    co_return false;
  }

  Layer& layer_;
  ConnectionHandle& handle_;
  Services& services_;
  const Deadlines& deadlines_;
  const bool tls_;
  beast::flat_buffer buffer_{kBufferBytes};
  bool keep_alive_ = false;
  bool head_only_ = false;
  bool broken_ = false;
  std::chrono::steady_clock::time_point started_;
};

void set_up(beast::tcp_stream& stream) {
  beast::error_code ignored;  // only costs a little speed
  stream.socket().set_option(tcp::no_delay(true), ignored);
}

}  // namespace

asio::awaitable<void> serve_plain(tcp::socket socket, ConnectionHandle& handle, Services& services,
                                  const Deadlines& deadlines) {
  beast::tcp_stream stream(std::move(socket));
  handle.abort = [&stream] { stream.close(); };
  set_up(stream);
  co_await Connection<beast::tcp_stream>(stream, handle, services, deadlines, false).run();
  handle.abort = nullptr;
}

asio::awaitable<void> serve_tls(tcp::socket socket, asio::ssl::context& tls, ConnectionHandle& handle,
                                Services& services, const Deadlines& deadlines) {
  beast::ssl_stream<beast::tcp_stream> stream(beast::tcp_stream(std::move(socket)), tls);
  handle.abort = [&stream] { beast::get_lowest_layer(stream).close(); };
  set_up(beast::get_lowest_layer(stream));
  beast::get_lowest_layer(stream).expires_after(deadlines.handshake);
  auto [ec] = co_await stream.async_handshake(asio::ssl::stream_base::server, kTuple);
  if (!ec) {
    co_await Connection<beast::ssl_stream<beast::tcp_stream>>(stream, handle, services, deadlines, true)
        .run();
    beast::get_lowest_layer(stream).expires_after(deadlines.linger);
    co_await stream.async_shutdown(kTuple);
  }
  handle.abort = nullptr;
}

}  // namespace mj::server
