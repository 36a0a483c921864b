#include "server/dispatch.h"

#include <ctime>

#include "server/assets.h"
#include "server/auth.h"
#include "server/services.h"

namespace mj::server {
namespace {

constexpr std::string_view kContentPolicy =
    "default-src 'self'; media-src 'self' blob:; img-src 'self' blob: data:; connect-src 'self'; "
    "frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'self'";

Response method_not_allowed(const std::vector<http::verb>& allowed) {
  std::string list;
  for (const http::verb verb : allowed)
    list += (list.empty() ? "" : ", ") + std::string(http::to_string(verb));
  Response response =
      error_answer(http::status::method_not_allowed, {ErrorKind::invalid, "this address takes only " + list});
  response.header.set(http::field::allow, list);
  return response;
}

/// A feed, an agent with a session, or nobody.
asio::awaitable<Result<Principal>> machine_of(const std::string& token, Services& services) {
  Principal feed = feed_with_token(services.context.settings, token);
  if (feed.kind != Principal::Kind::nobody) co_return feed;
  auto holder = co_await on_work(services.work, [&] { return services.agents.holder(token); });
  if (!holder) co_return tl::unexpected<Error>(holder.error().within("agent session"));
  if (!*holder) co_return Principal{};
  co_return Principal{Principal::Kind::workstation, (*holder)->workstation, (*holder)->agent, {}};
}

/// Who asks. Errors other than "no such session" mean that the index cannot say: then nobody gets in.
asio::awaitable<Result<Principal>> identify(const Request& request, Services& services) {
  const Credentials credentials = credentials_of(request.header, services.sessions);
  if (credentials.bearer) co_return co_await machine_of(*credentials.bearer, services);
  if (!credentials.session_token) co_return Principal{};
  auto account =
      co_await on_work(services.work, [&] { return services.sessions.find(*credentials.session_token); });
  if (account) co_return Principal{Principal::Kind::person, "", "", std::move(*account)};
  if (account.error().kind == ErrorKind::not_found) co_return Principal{};
  co_return tl::unexpected<Error>(account.error().within("session"));
}

Response not_entitled(http::status status, const Route& route, const Services& services) {
  const bool unknown = status == http::status::unauthorized;
  const Error error{ErrorKind::denied, unknown ? "sign in first" : "this is not open to you"};
  json::object body = error_object(error, "");
  const bool for_machines = is_for_machines(route.access);
  if (unknown && !for_machines) body["first_sign_in"] = !services.sign_in.first_token().empty();
  Response response = json_answer(std::move(body), status);
  if (unknown && for_machines) response.header.set(http::field::www_authenticate, "Bearer");
  return response;
}

bool is_api(const Target& target) {
  return !target.path.empty() && target.path.front() == "api";
}

/// No route: an asset of the viewer, or an answer that says why not.
Admission without_route(const Request& request, const Match& match) {
  Admission out;
  if (!match.allowed.empty()) {
    out.answer = method_not_allowed(match.allowed);
  } else if (is_api(request.target)) {
    out.answer = error_answer({ErrorKind::not_found, "no such address"});
  } else if (request.method != http::verb::get && request.method != http::verb::head) {
    out.answer = method_not_allowed({http::verb::get, http::verb::head});
  }
  return out;
}

/// What a workstation uploads is charged before a byte of it is read.
std::optional<Response> beyond_quota(const Route& route, const Request& request, const Services& services) {
  if (route.access != Access::workstation || route.method == http::verb::get) return std::nullopt;
  const auto declared = parse_integer(request.field(http::field::content_length), "Content-Length");
  const auto bytes =
      static_cast<uint64_t>(std::clamp<int64_t>(declared.value_or(route.body_limit), 0, route.body_limit));
  const Duration wait = services.context.capture.charge_upload(request.who.id, bytes);
  if (wait == Duration(0)) return std::nullopt;
  const Error error{ErrorKind::no_space, "this workstation has sent more than its quota; come again later"};
  json::object body = error_object(error, "");
  body["server_time_us"] = to_us(services.context.clock.now());
  return retry_after(json_answer(std::move(body), http::status::too_many_requests),
                     std::max(std::chrono::ceil<std::chrono::seconds>(wait), std::chrono::seconds(1)));
}

std::string http_date(WallTime now) {
  const std::time_t seconds =
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40] = {};
  const std::size_t length = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text, length};
}

}  // namespace

asio::awaitable<Admission> admit(Request& request, std::string_view target, Services& services) {
  Admission out;
  auto parsed = parse_target(target);
  if (!parsed) {
    out.answer = error_answer(parsed.error());
    co_return out;
  }
  request.target = std::move(*parsed);
  Match found = match(request.method, request.target.path);
  if (found.route == nullptr) co_return without_route(request, found);
  request.params = std::move(found.params);
  out.route = found.route;
  if (out.route->access == Access::open || out.route->access == Access::agent) {
    if (const auto refused = refuse_entry(*out.route, request))
      out.answer = not_entitled(*refused, *out.route, services);
    co_return out;
  }
  auto who = co_await identify(request, services);
  if (!who) {
    out.answer = error_answer({ErrorKind::unavailable, "it cannot be found out who you are; try again"});
    spdlog::error("http: {}", who.error().message);
    co_return out;
  }
  request.who = std::move(*who);
  if (const auto refused = refuse_entry(*out.route, request)) {
    out.answer = not_entitled(*refused, *out.route, services);
  } else {
    out.answer = beyond_quota(*out.route, request, services);
  }
  co_return out;
}

asio::awaitable<Response> answer(const Admission& admission, Request& request, Services& services) {
  try {
    if (admission.route == nullptr) co_return asset_answer(request);
    co_return co_await admission.route->handler(request, services);
  } catch (const std::exception& problem) {
    co_return error_answer({ErrorKind::internal, problem.what()});
  }
}

void add_common_headers(Response& response, bool tls, WallTime now) {
  http::fields& header = response.header;
  header.set(http::field::date, http_date(now));
  header.set("X-Content-Type-Options", "nosniff");
  header.set("Referrer-Policy", "no-referrer");
  header.set("Cross-Origin-Opener-Policy", "same-origin");
  header.set("Cross-Origin-Resource-Policy", "same-origin");
  header.set("Content-Security-Policy", kContentPolicy);
  if (tls) header.set(http::field::strict_transport_security, "max-age=31536000");
  if (header.count(http::field::cache_control) == 0) header.set(http::field::cache_control, "no-store");
}

}  // namespace mj::server
