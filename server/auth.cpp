#include "server/auth.h"

#include "server/digests.h"
#include "server/sessions.h"

namespace mj::server {
namespace {

bool changes_something(http::verb method) {
  return method != http::verb::get && method != http::verb::head;
}

bool carries_our_header(const Request& request) {
  const auto it = request.header.find("X-Mingjing");
  return it != request.header.end() && it->value() == "1";
}

std::optional<http::status> need(Principal::Kind kind, const Principal& who) {
  if (who.kind == kind) return std::nullopt;
  return who.kind == Principal::Kind::nobody ? http::status::unauthorized : http::status::forbidden;
}

std::optional<http::status> need_workstation(const Request& request) {
  if (auto refused = need(Principal::Kind::workstation, request.who)) return refused;
  if (request.who.id != request.param("workstation")) return http::status::forbidden;
  return std::nullopt;
}

std::optional<http::status> need_entitled(const Route& route, const Request& request) {
  switch (route.access) {
    case Access::open:
    case Access::agent:
      return std::nullopt;
    case Access::person:
      return need(Principal::Kind::person, request.who);
    case Access::feed:
      return need(Principal::Kind::feed, request.who);
    case Access::workstation:
      return need_workstation(request);
    case Access::loopback_or_person:
      return is_local(request) ? std::nullopt : need(Principal::Kind::person, request.who);
  }
  return http::status::forbidden;
}

}  // namespace

Credentials credentials_of(const http::fields& header, const Sessions& sessions) {
  Credentials out;
  if (header.count(http::field::authorization) > 1 || header.count(http::field::cookie) > 1) return out;
  if (const auto it = header.find(http::field::authorization); it != header.end()) {
    constexpr std::string_view kScheme = "Bearer ";
    const std::string_view value(it->value().data(), it->value().size());
    if (value.size() > kScheme.size() && beast::iequals(it->value().substr(0, kScheme.size()), kScheme)) {
      out.bearer = std::string(value.substr(kScheme.size()));
    }
  }
  if (const auto it = header.find(http::field::cookie); it != header.end()) {
    out.session_token = sessions.token_in(std::string_view(it->value().data(), it->value().size()));
  }
  return out;
}

Principal feed_with_token(const config::Settings& settings, std::string_view token) {
  Principal found;
  for (const auto& feed : settings.feeds) {
    if (same_secret(token, feed.token.reveal()) && !feed.token.empty()) {
      found = {Principal::Kind::feed, feed.id, {}, {}};
    }
  }
  return found;
}

bool is_local(const Request& request) {
  return request.peer.is_loopback() && request.header.count("X-Forwarded-For") == 0 &&
         request.header.count("Forwarded") == 0;
}

bool is_for_machines(Access access) {
  return access == Access::feed || access == Access::workstation || access == Access::agent;
}

std::optional<http::status> refuse_entry(const Route& route, const Request& request) {
  if (auto refused = need_entitled(route, request)) return refused;
  if (!is_for_machines(route.access) && changes_something(route.method) && !carries_our_header(request))
    return http::status::forbidden;
  return std::nullopt;
}

}  // namespace mj::server
