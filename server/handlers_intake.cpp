#include <algorithm>

#include "server/event_parser.h"
#include "server/handlers.h"
#include "server/services.h"
#include "server/shot_parser.h"

// What machines bring: case facts from feeds, shots from agents.
namespace mj::server {
namespace {

constexpr std::chrono::seconds kAgentPause{5};

bool is_lines(const Request& request) {
  const std::string type = request.field(http::field::content_type);
  return beast::iequals(type.substr(0, type.find(';')), "application/x-ndjson");
}

Duration clock_offset_of(const Request& request, const Services& services) {
  const auto& feeds = services.context.settings.feeds;
  const auto feed = std::ranges::find(feeds, request.who.id, &config::Feed::id);
  return feed == feeds.end() ? Duration{0} : feed->clock_offset;
}

Checked<json::object> take_batch(const Request& request, const Services& services) {
  auto events =
      parse_events(as_text(request.body), services.context.clock.now(), clock_offset_of(request, services));
  if (!events) return tl::unexpected<Refusal>(std::move(events).error());
  auto stored = services.context.index.ingest(request.who.id, std::move(*events));
  if (!stored) return tl::unexpected<Refusal>(refusal_of_index(stored.error()));
  return json::object{{"accepted", stored->accepted}, {"duplicates", stored->duplicates}};
}

Checked<json::object> take_lines(const Request& request, const Services& services) {
  const Duration offset = clock_offset_of(request, services);
  auto lines = parse_lines(as_text(request.body), services.context.clock.now(), offset);
  if (!lines) return tl::unexpected<Refusal>(std::move(lines).error());
  auto stored = index::Feeds(services.context.index).take_each(request.who.id, lines->events);
  if (!stored) return tl::unexpected<Refusal>(Refusal{stored.error(), ""});
  for (auto& refused : stored->refused) {
    lines->refused.push_back({lines->line_of_event[refused.position], std::move(refused.message)});
  }
  std::ranges::sort(lines->refused, {}, &RefusedLine::line);
  json::array refused;
  for (const auto& [line, message] : lines->refused) {
    refused.push_back(json::object{{"line", line}, {"message", message}});
  }
  return json::object{
      {"accepted", stored->accepted}, {"duplicates", stored->duplicates}, {"refused", std::move(refused)}};
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
  auto stored = co_await on_work(services.work, [&] {
    return is_lines(request) ? take_lines(request, services) : take_batch(request, services);
  });
  if (!stored) co_return refusal_answer(stored.error());
  co_return json_answer(*stored);
}

asio::awaitable<Response> post_shot(Request& request, Services& services) {
  auto taken = co_await on_work(services.work, [&] { return take_shot(request, services); });
  const json::value server_time = to_us(services.context.clock.now());
  if (!taken) co_return shot_refused(taken.error(), server_time);
  co_return json_answer({{"server_time_us", server_time}});
}

}  // namespace mj::server
