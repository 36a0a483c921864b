#include "server/listener.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>

#include "server/services.h"

namespace mj::server {
namespace {

constexpr std::chrono::milliseconds kAfterAcceptError{100};

/// An IPv4 address that came in on an IPv6 socket, as what it is.
asio::ip::address plain(const asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  return address;
}

tl::unexpected<Error> cannot(const beast::error_code& ec, const std::string& address, uint16_t port) {
  if (ec == asio::error::address_in_use) {
    return fail(ErrorKind::unavailable,
                "port {} of {} is in use by another program; stop it or change server.listen", port, address);
  }
  const ErrorKind kind = ec == asio::error::access_denied ? ErrorKind::denied : ErrorKind::unavailable;
  return fail(kind, "cannot listen on {} port {}: {}", address, port, ec.message());
}

}  // namespace

Listener::Listener(asio::io_context& net, Services& services, const Deadlines& deadlines)
    : net_(net), services_(services), deadlines_(deadlines), acceptor_(net) {}

Result<void> Listener::open(const std::string& address, uint16_t port, asio::ssl::context* tls) {
  beast::error_code ec;
  const auto ip = asio::ip::make_address(address == "localhost" ? "127.0.0.1" : address, ec);
  if (ec) return fail(ErrorKind::invalid, "server.listen: {} is not an IP address", address);
  const tcp::endpoint endpoint(ip, port);
  acceptor_.open(endpoint.protocol(), ec);
  if (!ec) acceptor_.set_option(asio::socket_base::reuse_address(true), ec);
  if (!ec) acceptor_.bind(endpoint, ec);
  if (!ec) acceptor_.listen(asio::socket_base::max_listen_connections, ec);
  if (!ec) endpoint_ = acceptor_.local_endpoint(ec);
  if (ec) {
    beast::error_code ignored;
    acceptor_.close(ignored);
    return cannot(ec, address, port);
  }
  tls_ = tls;
  return {};
}

bool Listener::too_many(const asio::ip::address& address) const {
  if (connections_.size() >= kConnections) return true;
  if (address.is_loopback()) return false;
  const auto same = std::count_if(connections_.begin(), connections_.end(),
                                  [&](const ConnectionHandle& c) { return c.address == address; });
  return static_cast<std::size_t>(same) >= kConnectionsPerAddress;
}

asio::awaitable<void> Listener::accept() {
  while (acceptor_.is_open()) {
    auto [ec, socket] = co_await acceptor_.async_accept(kTuple);
    if (ec == asio::error::operation_aborted || !acceptor_.is_open()) co_return;
    if (ec) {  // descriptors ran out, or the client was gone already: neither may end or spin this loop
      asio::steady_timer pause(net_, kAfterAcceptError);
      co_await pause.async_wait(kTuple);
      continue;
    }
    beast::error_code gone;
    const auto peer = socket.remote_endpoint(gone);
    if (gone) continue;
    if (too_many(plain(peer.address()))) {
      services_.metrics.connection_refused();
      continue;
    }
    const auto handle =
        connections_.insert(connections_.end(), ConnectionHandle{plain(peer.address()), true, false, {}});
    services_.metrics.connections_open(connections_.size());
    asio::co_spawn(net_, serve(std::move(socket), handle), asio::detached);
  }
}

asio::awaitable<void> Listener::serve(tcp::socket socket, std::list<ConnectionHandle>::iterator handle) {
  try {
    if (tls_ != nullptr) {
      co_await serve_tls(std::move(socket), *tls_, *handle, services_, deadlines_);
    } else {
      co_await serve_plain(std::move(socket), *handle, services_, deadlines_);
    }
  } catch (const std::exception& problem) {
    spdlog::error("http: a connection broke: {}", problem.what());
  }
  connections_.erase(handle);
  services_.metrics.connections_open(connections_.size());
}

void Listener::close() {
  beast::error_code ignored;
  acceptor_.close(ignored);
  for (ConnectionHandle& connection : connections_) {
    connection.closing = true;
    if (connection.idle && connection.abort) connection.abort();
  }
}

void Listener::abort() {
  for (ConnectionHandle& connection : connections_) {
    if (connection.abort) connection.abort();
  }
}

}  // namespace mj::server
