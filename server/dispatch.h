#pragma once

#include <optional>
#include <string_view>

#include "server/message.h"
#include "server/routes.h"

namespace mj::server {

struct Services;

/// The way of a request between the connection, which knows only bytes, and the handlers, which know only
/// facts. All on the network thread.

/// What became of a request at the door, before its body is read.
struct Admission {
  const Route* route = nullptr;    ///< null: an asset of the viewer, or refused
  std::optional<Response> answer;  ///< refused, with this
};

/// Parses the target, finds the route, finds out who asks and decides. Fills request.target, params and who.
[[nodiscard]] asio::awaitable<Admission> admit(Request& request, std::string_view target, Services& services);

/// Runs the handler. Whatever it throws becomes a 500 that tells nothing; the log tells.
[[nodiscard]] asio::awaitable<Response> answer(const Admission& admission, Request& request,
                                               Services& services);

/// The headers that every answer carries: no sniffing, no framing, no referrer, no caching unless allowed.
void add_common_headers(Response& response, bool tls, WallTime now);

}  // namespace mj::server
