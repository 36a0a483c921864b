#include "capture/rtsp/connection.h"

#include <sys/socket.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ssl.hpp>
#include <deque>
#include <vector>

namespace mj::capture::rtsp {
namespace {

using Resolver = asio::ip::basic_resolver<asio::ip::tcp, Executor>;
using Endpoints = std::vector<asio::ip::tcp::endpoint>;

constexpr std::size_t kTlsReadBytes = 32 * 1024;
constexpr std::size_t kMostUnsent = 64 * 1024;

void set_options(TcpSocket& socket) {
  ErrorCode ignored;
  socket.non_blocking(true, ignored);
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
}

class PlainConnection final : public Connection {
 public:
  explicit PlainConnection(TcpSocket socket) : socket_(std::move(socket)) {}

  Task<ErrorCode> readable() override {
    const auto [error] = co_await socket_.async_wait(TcpSocket::wait_read, kAwait);
    co_return error;
  }
  std::size_t read(std::span<uint8_t> into, ErrorCode& error) override {
    const ssize_t got = ::recv(socket_.native_handle(), into.data(), into.size(), MSG_DONTWAIT);
    if (got > 0) return static_cast<std::size_t>(got);
    if (got == 0) {
      error = asio::error::eof;
    } else if (errno != EAGAIN && errno != EINTR) {
      error.assign(errno, boost::system::system_category());
    }
    return 0;
  }
  bool send(BytesView bytes) override {
    const ssize_t sent =
        ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent == static_cast<ssize_t>(bytes.size());
  }
  void close() override {
    ErrorCode ignored;
    socket_.close(ignored);
  }
  asio::ip::address peer() const override {
    ErrorCode ignored;
    return socket_.remote_endpoint(ignored).address();
  }

 private:
  TcpSocket socket_;
};

/// One read and one write may be under way at a time; what is sent meanwhile queues up in `unsent_`.
class TlsConnection final : public Connection {
 public:
  using Stream = asio::ssl::stream<TcpSocket>;
  explicit TlsConnection(std::unique_ptr<Stream> stream)
      : state_(std::make_shared<State>(std::move(stream))) {}
  ~TlsConnection() override { TlsConnection::close(); }

  Task<ErrorCode> readable() override {
    const auto state = state_;
    if (state->begin < state->end) co_return ErrorCode{};
    const auto [error, got] = co_await state->stream->async_read_some(asio::buffer(state->in), kAwait);
    state->begin = 0;
    state->end = got;
    co_return error;
  }
  std::size_t read(std::span<uint8_t> into, ErrorCode&) override {
    const std::size_t got = std::min(into.size(), state_->end - state_->begin);
    std::copy_n(state_->in.begin() + static_cast<std::ptrdiff_t>(state_->begin), got, into.begin());
    state_->begin += got;
    return got;
  }
  bool send(BytesView bytes) override {
    if (state_->unsent_bytes + bytes.size() > kMostUnsent) return false;
    state_->unsent.emplace_back(bytes.begin(), bytes.end());
    state_->unsent_bytes += bytes.size();
    if (state_->unsent.size() == 1) write_next(state_);
    return true;
  }
  void close() override {
    ErrorCode ignored;
    state_->stream->next_layer().close(ignored);
  }
  asio::ip::address peer() const override {
    ErrorCode ignored;
    return state_->stream->next_layer().remote_endpoint(ignored).address();
  }

 private:
  /// Shared with the operations under way, which may end after the connection's owner has gone.
  struct State {
    explicit State(std::unique_ptr<Stream> s) : stream(std::move(s)), in(kTlsReadBytes) {}
    std::unique_ptr<Stream> stream;
    Bytes in;
    std::size_t begin = 0, end = 0;
    std::deque<Bytes> unsent;
    std::size_t unsent_bytes = 0;
  };
  static void write_next(const std::shared_ptr<State>& state) {
    asio::async_write(*state->stream, asio::buffer(state->unsent.front()),
                      [state](ErrorCode error, std::size_t) {
                        state->unsent_bytes -= state->unsent.front().size();
                        state->unsent.pop_front();
                        if (!error && !state->unsent.empty()) write_next(state);
                      });
  }

  std::shared_ptr<State> state_;
};

/// What an attempt is waiting for: the resolver, then the socket.
struct Attempt final : Connecting {
  explicit Attempt(Connecting*& where) : slot(where) { slot = this; }
  ~Attempt() override { slot = nullptr; }
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;
  void cancel() override {
    ErrorCode ignored;
    cancelled = true;
    if (resolver) resolver->cancel();
    if (socket) socket->close(ignored);
  }
  Connecting*& slot;
  bool cancelled = false;
  Resolver* resolver = nullptr;
  TcpSocket* socket = nullptr;
};

Task<Result<Endpoints>> resolve(Executor executor, const Url& url, Attempt& attempt) {
  ErrorCode not_an_address;
  const auto address = asio::ip::make_address(url.host, not_an_address);
  if (!not_an_address) co_return Endpoints{{address, url.port}};
  Resolver resolver(executor);
  attempt.resolver = &resolver;
  const auto [error, found] = co_await resolver.async_resolve(url.host, std::to_string(url.port), kAwait);
  attempt.resolver = nullptr;
  if (error)
    co_return fail(ErrorKind::unavailable, "the name {} is not known ({})", url.host, error.message());
  Endpoints endpoints;
  for (const auto& entry : found) endpoints.push_back(entry.endpoint());
  co_return endpoints;
}

Task<Result<std::unique_ptr<Connection>>> shake_hands(TcpSocket socket, Attempt& attempt) {
  asio::ssl::context context(asio::ssl::context::tls_client);  // the stream keeps its own count on OpenSSL's
  context.set_verify_mode(asio::ssl::verify_none);
  auto stream = std::make_unique<TlsConnection::Stream>(std::move(socket), context);
  attempt.socket = &stream->next_layer();
  const auto [error] = co_await stream->async_handshake(asio::ssl::stream_base::client, kAwait);
  attempt.socket = nullptr;
  if (error) co_return fail(ErrorKind::unavailable, "TLS failed ({})", error.message());
  std::unique_ptr<Connection> made = std::make_unique<TlsConnection>(std::move(stream));
  co_return made;
}

}  // namespace

Task<Result<std::unique_ptr<Connection>>> connect(Executor executor, const Url& url, Connecting*& slot) {
  Attempt attempt(slot);
  auto endpoints = co_await resolve(executor, url, attempt);
  if (!endpoints) co_return tl::unexpected(endpoints.error());
  TcpSocket socket(executor);
  attempt.socket = &socket;
  ErrorCode error = asio::error::host_not_found;
  for (const auto& endpoint : *endpoints) {
    ErrorCode ignored;
    socket.close(ignored);
    socket.open(endpoint.protocol(), error);
    if (error || attempt.cancelled) break;
    std::tie(error) = co_await socket.async_connect(endpoint, kAwait);
    if (!error || attempt.cancelled) break;
  }
  attempt.socket = nullptr;
  if (attempt.cancelled) error = asio::error::operation_aborted;
  if (error)
    co_return fail(ErrorKind::unavailable, "no connection to {}:{} ({})", url.host, url.port,
                   error.message());
  set_options(socket);
  if (url.tls) co_return co_await shake_hands(std::move(socket), attempt);
  std::unique_ptr<Connection> made = std::make_unique<PlainConnection>(std::move(socket));
  co_return made;
}

}  // namespace mj::capture::rtsp
