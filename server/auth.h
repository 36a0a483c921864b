#pragma once

#include <optional>

#include "server/message.h"
#include "server/routes.h"

namespace mj::server {

/// A caller's credentials as the header shows them, not yet proven.
struct Credentials {
  std::optional<std::string> bearer;         ///< Authorization: Bearer …
  std::optional<std::string> session_token;  ///< our cookie
};
class Sessions;
[[nodiscard]] Credentials credentials_of(const http::fields& header, const Sessions& sessions);

/// The feed whose token this is, or nobody. Compares with every token, in constant time.
[[nodiscard]] Principal feed_with_token(const config::Settings& settings, std::string_view token);

/// Whether the request comes from this machine itself: a loopback peer that nobody forwarded.
[[nodiscard]] bool is_local(const Request& request);

/// Routes that no browser comes through.
[[nodiscard]] bool is_for_machines(Access access);

/// The one decision. Nothing: come in. `unauthorized`: prove who you are; `forbidden`: we know, and no.
/// People's requests that change something must also carry `X-Mingjing: 1`, which no foreign page can make a
/// browser send.
[[nodiscard]] std::optional<http::status> refuse_entry(const Route& route, const Request& request);

}  // namespace mj::server
