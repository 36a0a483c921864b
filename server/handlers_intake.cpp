#include "server/event_parser.h"
#include "server/handlers.h"
#include "server/services.h"
#include "server/shot_parser.h"

// What machines bring: case facts from feeds, shots from agents.
namespace mj::server {
namespace {

constexpr std::chrono::seconds kAgentPause{5};

Checked<index::Ingested> take_events(const Request& request, const Services& services) {
  auto events = parse_events(as_text(request.body), services.context.clock.now(), Duration{0});
  if (!events) return tl::unexpected<Refusal>(std::move(events).error());
  auto stored = services.context.index.ingest(request.who.id, std::move(*events));
  if (!stored) return tl::unexpected<Refusal>(refusal_of_index(stored.error()));
  return *stored;
}

Checked<void> take_shot(const Request& request, const Services& services) {
  auto received = parse_shot(request.body);
  if (!received) return tl::unexpected<Refusal>(std::move(received).error());
  received->shot.at = shot_time(*received, services.context.clock.now());
  auto taken = services.context.capture.accept_shot(request.who.id, std::move(received->shot));
  if (!taken) return tl::unexpected<Refusal>(Refusal{taken.error(), ""});
  return {};
}

/// Capture's refusals in HTTP: a quota is "too much", a missing key frame a conflict with what is recorded so
/// far.
Response shot_refused(const Refusal& refusal, json::value server_time) {
  http::status status = status_of(refusal.error.kind);
  if (refusal.error.kind == ErrorKind::no_space) status = http::status::too_many_requests;
  const bool needs_key = refusal.error.message.find("key frame wanted") != std::string::npos;
  if (needs_key && refusal.error.kind == ErrorKind::invalid) status = http::status::conflict;
  json::object body = error_object(refusal.error, refusal.path);
  body["server_time_us"] = std::move(server_time);
  Response response = json_answer(std::move(body), status);
  const bool later = status == http::status::too_many_requests || status == http::status::service_unavailable;
  return later ? retry_after(std::move(response), kAgentPause) : response;
}

}  // namespace

asio::awaitable<Response> post_events(Request& request, Services& services) {
  if (auto query = allow_query(request.target, {}); !query) co_return error_answer(query.error());
  auto stored = co_await on_work(services.work, [&] { return take_events(request, services); });
  if (!stored) co_return refusal_answer(stored.error());
  co_return json_answer({{"accepted", stored->accepted}, {"duplicates", stored->duplicates}});
}

asio::awaitable<Response> post_shot(Request& request, Services& services) {
  auto taken = co_await on_work(services.work, [&] { return take_shot(request, services); });
  const json::value server_time = to_us(services.context.clock.now());
  if (!taken) co_return shot_refused(taken.error(), server_time);
  co_return json_answer({{"server_time_us", server_time}});
}

}  // namespace mj::server
