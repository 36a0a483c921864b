#pragma once

#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <functional>
#include <list>
#include <optional>

#include "server/limits.h"
#include "server/net.h"

namespace mj::server {

struct Services;

/// One connection as the listener sees it. Network thread only.
struct ConnectionHandle {
  asio::ip::address address;
  bool idle = true;             ///< waits for a request: may be closed at any time without harm
  bool closing = false;         ///< close after the answer under way
  std::function<void()> abort;  ///< breaks what is under way; empty once the connection is over
};

/// Speaks HTTP/1.1 on one socket until it ends: reads a request, hands it on, writes the answer, again. All
/// in one coroutine on the network thread. `handle` and `services` must outlive it. Does not: know routes or
/// people (dispatch.h does). Fails by closing: every wait has a deadline from `deadlines`, also against bytes
/// that trickle.
[[nodiscard]] asio::awaitable<void> serve_plain(tcp::socket socket, ConnectionHandle& handle,
                                                Services& services, const Deadlines& deadlines);
[[nodiscard]] asio::awaitable<void> serve_tls(tcp::socket socket, asio::ssl::context& tls,
                                              ConnectionHandle& handle, Services& services,
                                              const Deadlines& deadlines);

}  // namespace mj::server
