#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/limits.h"
#include "server/message.h"

namespace mj::server {

struct Services;

/// A handler runs as a coroutine on the network thread; whatever touches disk or SQL it hands to the work
/// pool.
using Handler = asio::awaitable<Response> (*)(Request& request, Services& services);

/// Who may come through a route.
enum class Access {
  open,                ///< anybody
  person,              ///< a signed-in person
  feed,                ///< a case feed with its token
  agent,               ///< anybody: an agent that proves itself by what it sends
  workstation,         ///< the agent of the {workstation} in the path, with its token
  loopback_or_person,  ///< this machine itself, or a signed-in person
};

struct Route {
  http::verb method;
  std::string_view pattern;  ///< "/api/v1/cases/{number}"
  Access access;
  Handler handler;
  uint32_t body_limit = kSmallBody;
};

/// The one table: nothing else registers a handler. Static storage.
[[nodiscard]] std::span<const Route> routes();

struct Match {
  const Route* route = nullptr;  ///< none: see `allowed`
  std::vector<std::pair<std::string_view, std::string>> params;
  std::vector<http::verb> allowed;  ///< methods this path has, when not this one
};
[[nodiscard]] Match match(http::verb method, const std::vector<std::string>& path);

}  // namespace mj::server
