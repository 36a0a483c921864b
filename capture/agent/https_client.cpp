#include "capture/agent/https_client.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>  // async_teardown of ssl::stream
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <fstream>
#include <limits>

namespace mj::agent {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::uint32_t kMaxHeaderBytes = 16 * 1024;
constexpr std::size_t kMaxTokenBytes = 512;

struct Origin {
  std::string host;  ///< without brackets
  std::string port;
  std::string authority;  ///< as the Host header wants it
  bool is_address = false;
};

Result<Origin> parse_origin(std::string_view server) {
  const auto parsed = boost::urls::parse_uri(boost::core::string_view(server.data(), server.size()));
  if (!parsed) return fail(ErrorKind::invalid, "server: expected https://host[:port]");
  const boost::urls::url_view& url = *parsed;
  if (url.scheme() != "https") return fail(ErrorKind::invalid, "server: only https:// is spoken");
  if (url.has_userinfo()) return fail(ErrorKind::invalid, "server: no user name may stand in the address");
  if ((!url.encoded_path().empty() && url.encoded_path() != "/") || url.has_query() || url.has_fragment()) {
    return fail(ErrorKind::invalid, "server: expected https://host[:port] and nothing after it");
  }
  Origin origin;
  origin.host = url.host_address();
  origin.port = url.has_port() && !url.port().empty() ? std::string(url.port()) : "443";
  if (origin.host.empty()) return fail(ErrorKind::invalid, "server: no host in the address");
  origin.authority = std::string(url.encoded_host()) + ":" + origin.port;
  error_code no_address;
  asio::ip::make_address(origin.host, no_address);
  origin.is_address = !no_address;
  return origin;
}

bool visible_text(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= ' ' && c <= '~') || c == '\t'; });
}

Result<void> setup_trust(ssl::context& context, const std::filesystem::path& ca_file) {
  error_code error;
  if (ca_file.empty()) {
    context.set_default_verify_paths(error);
  } else {
    context.load_verify_file(ca_file.string(), error);
  }
  if (error) return fail(ErrorKind::invalid, "CA file {}: {}", ca_file.string(), error.message());
  context.set_verify_mode(ssl::verify_peer);
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  // The file may hold the server's own certificate, which need not be anybody's authority.
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context.native_handle()), X509_V_FLAG_PARTIAL_CHAIN);
  return {};
}

Error failure(const error_code& error, std::string_view doing) {
  if (error == http::error::body_limit) return {ErrorKind::invalid, "the answer is longer than allowed"};
  if (error == http::error::header_limit)
    return {ErrorKind::invalid, "the answer's header is longer than allowed"};
  const bool no_http = error.category() == http::make_error_code(http::error::bad_version).category();
  const bool ended = error == http::error::end_of_stream || error == http::error::partial_message;
  return {no_http && !ended ? ErrorKind::invalid : ErrorKind::unavailable,
          fmt::format("{}: {}", doing, error.message())};
}

}  // namespace

const std::string* Response::header(std::string_view header_name) const {
  const auto same = [&](const auto& header) { return boost::beast::iequals(header.first, header_name); };
  const auto found = std::ranges::find_if(headers, same);
  return found == headers.end() ? nullptr : &found->second;
}

struct HttpsClient::Impl {
  using Stream = ssl::stream<tcp::socket>;
  using Request = http::request<http::string_body>;

  Impl(Origin server, HttpsOptions settings) : origin(std::move(server)), options(std::move(settings)) {}

  asio::awaitable<Result<void>> connect();
  asio::awaitable<Result<Response>> exchange(const Request& request, bool& nothing_came);
  asio::awaitable<Result<Response>> attempt(const Request& request);
  Result<Response> run(const Request& request);
  void abort();

  const Origin origin;
  const HttpsOptions options;
  asio::io_context context{1};
  ssl::context tls{ssl::context::tls_client};
  tcp::resolver resolver{context};
  std::optional<Stream> stream;  ///< the kept connection
  boost::beast::flat_buffer buffer;
  std::atomic<bool> cancelled{false};
  bool giving_up = false;
};

asio::awaitable<Result<void>> HttpsClient::Impl::connect() {
  auto [no_name, addresses] = co_await resolver.async_resolve(origin.host, origin.port, kAwait);
  if (no_name) co_return tl::unexpected(failure(no_name, "resolve " + origin.host));
  stream.emplace(context, tls);
  buffer.clear();
  auto [refused, where] = co_await asio::async_connect(stream->next_layer(), addresses, kAwait);
  if (refused) co_return tl::unexpected(failure(refused, "connect to " + origin.authority));
  error_code ignored;
  stream->next_layer().set_option(tcp::no_delay(true), ignored);

  SSL* handle = stream->native_handle();
  X509_VERIFY_PARAM* expected = SSL_get0_param(handle);
  const bool named = origin.is_address ? X509_VERIFY_PARAM_set1_ip_asc(expected, origin.host.c_str()) == 1
                                       : X509_VERIFY_PARAM_set1_host(expected, origin.host.c_str(),
                                                                     origin.host.size()) == 1 &&
                                             SSL_set_tlsext_host_name(handle, origin.host.c_str()) == 1;
  if (!named) co_return fail(ErrorKind::invalid, "{} is not a host name", origin.host);
  auto [no_trust] = co_await stream->async_handshake(ssl::stream_base::client, kAwait);
  if (!no_trust) co_return Result<void>{};
  const long verdict = SSL_get_verify_result(handle);
  if (verdict != X509_V_OK) {
    co_return fail(ErrorKind::denied, "certificate of {}: {}", origin.authority,
                   X509_verify_cert_error_string(verdict));
  }
  co_return tl::unexpected(failure(no_trust, "TLS with " + origin.authority));
}

asio::awaitable<Result<Response>> HttpsClient::Impl::exchange(const Request& request, bool& nothing_came) {
  const auto begin = std::chrono::steady_clock::now();
  http::response_parser<http::string_body> parser;
  parser.header_limit(kMaxHeaderBytes);
  parser.body_limit(options.max_answer_bytes);
  if (request.method() == http::verb::head) parser.skip(true);

  auto [not_sent, sent] = co_await http::async_write(*stream, request, kAwait);
  // A server may refuse a large request before it has read it all; its answer is then already here.
  auto [not_read, read] = co_await http::async_read(*stream, buffer, parser, kAwait);
  if (not_read) {
    nothing_came = !parser.got_some();
    stream.reset();
    co_return tl::unexpected(failure(not_sent ? not_sent : not_read, not_sent ? "send" : "read the answer"));
  }
  Response response;
  response.round_trip = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - begin);
  if (not_sent || !parser.get().keep_alive()) stream.reset();
  response.status = parser.get().result_int();
  for (const auto& field : parser.get()) response.headers.emplace_back(field.name_string(), field.value());
  response.body = std::move(parser.get().body());
  co_return response;
}

asio::awaitable<Result<Response>> HttpsClient::Impl::attempt(const Request& request) {
  const bool kept = stream.has_value();
  if (!kept) {
    auto connected = co_await connect();
    if (!connected) {
      stream.reset();
      co_return tl::unexpected(connected.error());
    }
  }
  bool nothing_came = false;
  auto response = co_await exchange(request, nothing_came);
  if (response || !kept || !nothing_came || giving_up) co_return response;
  // The server closed the idle connection just as we used it.
  auto connected = co_await connect();
  if (!connected) {
    stream.reset();
    co_return tl::unexpected(connected.error());
  }
  co_return co_await exchange(request, nothing_came);
}

void HttpsClient::Impl::abort() {
  resolver.cancel();
  error_code ignored;
  if (stream) stream->next_layer().close(ignored);
}

Result<Response> HttpsClient::Impl::run(const Request& request) {
  if (cancelled) return fail(ErrorKind::cancelled, "stopped");
  std::optional<Result<Response>> outcome;
  context.restart();
  asio::co_spawn(context, attempt(request), [&](const std::exception_ptr& thrown, Result<Response> result) {
    outcome = thrown ? Result<Response>(fail(ErrorKind::internal, "request failed")) : std::move(result);
  });
  giving_up = false;
  Duration allowed = options.timeout;
  if (options.slowest_line > 0) allowed += std::chrono::seconds(request.body().size() / options.slowest_line);
  const auto deadline = std::chrono::steady_clock::now() + allowed;
  while (!outcome && !cancelled && context.run_one_until(deadline) != 0) {
  }
  const bool late = !outcome;
  while (!outcome) {
    giving_up = true;
    abort();  // before every step: what has just ended may go on with something new
    if (context.run_one() == 0) break;
  }
  if (cancelled) return fail(ErrorKind::cancelled, "stopped");
  if (!late) return std::move(*outcome);
  stream.reset();
  return fail(ErrorKind::unavailable, "no answer from {} within {} ms", origin.authority,
              allowed.count() / 1000);
}

HttpsClient::HttpsClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpsClient::~HttpsClient() = default;

Result<std::unique_ptr<HttpsClient>> HttpsClient::create(std::string_view server, HttpsOptions options) {
  MJ_TRY(Origin origin, parse_origin(server));
  auto impl = std::make_unique<Impl>(std::move(origin), std::move(options));
  MJ_CHECK(setup_trust(impl->tls, impl->options.ca_file));
  return std::unique_ptr<HttpsClient>(new HttpsClient(std::move(impl)));
}

Result<Response> HttpsClient::request(std::string_view method, std::string_view target,
                                      const Headers& headers, std::string body) {
  const auto verb = http::string_to_verb(boost::core::string_view(method.data(), method.size()));
  if (verb == http::verb::unknown) return fail(ErrorKind::invalid, "unknown method {}", method);
  if (!target.starts_with('/') || !visible_text(target) || target.find(' ') != target.npos) {
    return fail(ErrorKind::invalid, "the target must begin with '/' and be percent-encoded");
  }
  Impl::Request request(verb, boost::core::string_view(target.data(), target.size()), 11);
  request.set(http::field::host, impl_->origin.authority);
  request.set(http::field::user_agent, "mingjing-agent");
  for (const auto& [header_name, value] : headers) {
    if (!visible_text(header_name) || !visible_text(value))
      return fail(ErrorKind::invalid, "a header holds control characters");
    request.set(header_name, value);
  }
  const bool carries_body = !body.empty() || verb == http::verb::post || verb == http::verb::put;
  request.body() = std::move(body);
  if (carries_body) request.prepare_payload();
  return impl_->run(request);
}

void HttpsClient::cancel() {
  impl_->cancelled = true;
  asio::post(impl_->context, [] {});  // wakes run(), which sees it
}

Result<Secret> read_token(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail_errno(errno, "token file " + file.string());
  std::string text(kMaxTokenBytes + 3, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  constexpr std::string_view kBlank = " \t\r\n";
  text.erase(0, std::min(text.find_first_not_of(kBlank), text.size()));
  text.erase(text.find_last_not_of(kBlank) + 1);
  const bool visible = std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
  if (text.empty() || text.size() > kMaxTokenBytes || !visible) {
    return fail(ErrorKind::invalid, "token file {}: expected one line of 1 to {} visible ASCII characters",
                file.string(), kMaxTokenBytes);
  }
  return Secret(std::move(text));
}

}  // namespace mj::agent
