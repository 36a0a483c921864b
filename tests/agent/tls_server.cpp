#include "tests/agent/tls_server.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <thread>

namespace mj::test {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
namespace http = boost::beast::http;
using asio::ip::tcp;

namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kMaxBody = std::size_t{64} << 20;

ssl::context make_context(const CertificatePair& pair) {
  ssl::context context(ssl::context::tls_server);
  context.use_certificate_chain(asio::buffer(pair.certificate_pem));
  context.use_private_key(asio::buffer(pair.private_key_pem), ssl::context::pem);
  return context;
}

ServedRequest describe(const http::request<http::string_body>& request, int connection) {
  return {.method = std::string(request.method_string()),
          .target = std::string(request.target()),
          .authorization = std::string(request[http::field::authorization]),
          .content_type = std::string(request[http::field::content_type]),
          .host = std::string(request[http::field::host]),
          .body = request.body(),
          .connection = connection};
}

}  // namespace

Reply answer(int status, const std::string& body, const std::string& extra_headers) {
  return {.bytes = "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " +
                   std::to_string(body.size()) + "\r\n" + extra_headers + "\r\n" + body};
}

struct TlsServer::Impl {
  Impl(const CertificatePair& pair, Script what) : tls(make_context(pair)), script(std::move(what)) {
    asio::co_spawn(context, accept(), asio::detached);
    thread = std::thread([this] { context.run(); });
  }
  ~Impl() {
    context.stop();
    thread.join();
  }

  asio::awaitable<void> accept() {
    for (int connection = 1;; ++connection) {
      auto [error, socket] = co_await acceptor.async_accept(kAwait);
      if (!error) asio::co_spawn(context, serve(std::move(socket), connection), asio::detached);
    }
  }

  asio::awaitable<void> serve(tcp::socket socket, int connection) {
    ssl::stream<tcp::socket> stream(std::move(socket), tls);
    auto [no_tls] = co_await stream.async_handshake(ssl::stream_base::server, kAwait);
    boost::beast::flat_buffer buffer;
    while (!no_tls) {
      http::request_parser<http::string_body> parser;
      parser.body_limit(kMaxBody);
      auto [not_read, read] = co_await http::async_read(stream, buffer, parser, kAwait);
      if (not_read) co_return;
      const Reply reply = script(describe(parser.get(), connection));
      auto [not_sent, sent] = co_await asio::async_write(stream, asio::buffer(reply.bytes), kAwait);
      if (not_sent || reply.close) co_return;
      if (!reply.hang) continue;
      asio::steady_timer never(context, asio::steady_timer::time_point::max());
      co_await never.async_wait(kAwait);
    }
  }

  asio::io_context context{1};
  ssl::context tls;
  Script script;
  tcp::acceptor acceptor{context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  std::thread thread;
};

TlsServer::TlsServer(const CertificatePair& certificate, Script script)
    : impl_(std::make_unique<Impl>(certificate, std::move(script))) {}
TlsServer::~TlsServer() = default;

int TlsServer::port() const {
  return impl_->acceptor.local_endpoint().port();
}

std::string TlsServer::url(const std::string& host) const {
  return "https://" + host + ":" + std::to_string(port());
}

}  // namespace mj::test
