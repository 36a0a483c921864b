#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <list>
#include <optional>

#include "config/config.h"
#include "server/connection.h"

namespace mj::server {

/// Takes connections and counts them: at most kConnections, at most kConnectionsPerAddress from one address.
/// Owner: the Server; everything given must outlive it, and the context must have ended before it goes.
/// Thread: the network thread, but for open(), which comes before. Fails: a connection beyond the limits is
/// closed at once.
class Listener {
 public:
  Listener(asio::io_context& net, Services& services, const Deadlines& deadlines);

  /// Binds and listens. `tls`: empty for plain HTTP. Errors: unavailable (in use), denied, invalid (address).
  [[nodiscard]] Result<void> open(const std::string& address, uint16_t port, asio::ssl::context* tls);
  /// Where it really listens.
  [[nodiscard]] tcp::endpoint endpoint() const { return endpoint_; }

  [[nodiscard]] asio::awaitable<void> accept();

  /// No new connections; idle ones are closed, the others after the answer under way.
  void close();
  /// Breaks what is left.
  void abort();
  [[nodiscard]] std::size_t connections() const { return connections_.size(); }

 private:
  [[nodiscard]] bool too_many(const asio::ip::address& address) const;
  [[nodiscard]] asio::awaitable<void> serve(tcp::socket socket, std::list<ConnectionHandle>::iterator handle);

  asio::io_context& net_;
  Services& services_;
  const Deadlines deadlines_;
  tcp::acceptor acceptor_;
  tcp::endpoint endpoint_;
  asio::ssl::context* tls_ = nullptr;
  std::list<ConnectionHandle> connections_;
};

}  // namespace mj::server
