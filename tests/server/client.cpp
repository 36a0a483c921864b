#include "tests/server/client.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

namespace mj::test {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;

namespace {
constexpr std::chrono::seconds kPatience{10};
}

struct Client::Impl {
  asio::io_context context;
  asio::ssl::context tls{asio::ssl::context::tls_client};
  std::unique_ptr<beast::ssl_stream<beast::tcp_stream>> stream;
  bool use_tls = true;
  bool connected = false;
  beast::flat_buffer buffer;

  beast::tcp_stream& lowest() { return beast::get_lowest_layer(*stream); }

  /// Runs one asynchronous operation to its end.
  template <class Start>
  beast::error_code wait(std::chrono::milliseconds longest, Start start) {
    beast::error_code result = asio::error::would_block;
    lowest().expires_after(longest);
    start([&result](beast::error_code ec, auto...) { result = ec; });
    context.restart();
    context.run();
    return result;
  }
  template <class Operation>
  beast::error_code on_stream(std::chrono::milliseconds longest, Operation operation) {
    return wait(longest, [&](auto done) {
      if (use_tls) {
        operation(*stream, done);
      } else {
        operation(stream->next_layer(), done);
      }
    });
  }
};

std::string Answer::header(const std::string& name) const {
  for (const auto& [key, value] : headers) {
    if (beast::iequals(key, name)) return value;
  }
  return {};
}

Client::Client(const std::string& url, const std::string& ca_file) : impl_(std::make_unique<Impl>()) {
  impl_->use_tls = url.starts_with("https://");
  const auto host_begin = url.find("//") + 2;
  const auto colon = url.rfind(':');
  const tcp::endpoint endpoint(asio::ip::make_address(url.substr(host_begin, colon - host_begin)),
                               static_cast<uint16_t>(std::stoi(url.substr(colon + 1))));
  if (!ca_file.empty()) {
    impl_->tls.load_verify_file(ca_file);
    impl_->tls.set_verify_mode(asio::ssl::verify_peer);
  }
  impl_->stream = std::make_unique<beast::ssl_stream<beast::tcp_stream>>(impl_->context, impl_->tls);
  if (!ca_file.empty())
    impl_->stream->set_verify_callback(asio::ssl::host_name_verification(endpoint.address().to_string()));
  auto ec = impl_->wait(kPatience, [&](auto done) { impl_->lowest().async_connect(endpoint, done); });
  if (!ec && impl_->use_tls) {
    ec = impl_->wait(
        kPatience, [&](auto done) { impl_->stream->async_handshake(asio::ssl::stream_base::client, done); });
  }
  impl_->connected = !ec;
}

Client::~Client() = default;

bool Client::connected() const {
  return impl_->connected;
}

bool Client::send(const std::string& bytes) {
  return !impl_->on_stream(
      kPatience, [&](auto& stream, auto done) { asio::async_write(stream, asio::buffer(bytes), done); });
}

Answer Client::read(bool head) {
  http::response_parser<http::string_body> parser;
  parser.body_limit(boost::none);
  parser.skip(head);
  const auto ec = impl_->on_stream(
      kPatience, [&](auto& stream, auto done) { http::async_read(stream, impl_->buffer, parser, done); });
  Answer answer;
  if (ec && !parser.is_header_done()) return answer;
  const auto& message = parser.get();
  answer.status = ec ? 0 : static_cast<int>(message.result_int());
  for (const auto& field : message) answer.headers.emplace_back(field.name_string(), field.value());
  answer.body = message.body();
  return answer;
}

Answer Client::ask(const std::string& method, const std::string& target, const Headers& headers,
                   const std::string& body) {
  std::string text = method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n";
  for (const auto& [name, value] : headers) text += name + ": " + value + "\r\n";
  if (!body.empty() || method == "POST") text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  // A server that refuses early may close before everything is sent; its answer counts all the same.
  (void)send(text + "\r\n" + body);
  return read(method == "HEAD");
}

bool Client::closed_within(std::chrono::milliseconds longest) {
  for (;;) {
    const auto ec = impl_->on_stream(
        longest, [&](auto& stream, auto done) { stream.async_read_some(impl_->buffer.prepare(4096), done); });
    if (ec == beast::error::timeout) return false;
    if (ec) return true;
  }
}

Answer ask(const std::string& url, const std::string& method, const std::string& target,
           const Headers& headers, const std::string& body) {
  return Client(url).ask(method, target, headers, body);
}

}  // namespace mj::test
