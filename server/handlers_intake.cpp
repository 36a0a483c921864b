#include <algorithm>

#include "server/event_parser.h"
#include "server/feeds/charset.h"
#include "server/handlers.h"
#include "server/services.h"

// What feeds bring: case facts.
namespace mj::server {
namespace {

bool is_lines(const Request& request) {
  const std::string type = request.field(http::field::content_type);
  return beast::iequals(type.substr(0, type.find(';')), "application/x-ndjson");
}

/// ?again=replaces: the lines are rows of a table.
bool are_rows(const Request& request) {
  return request.target.find("again") != nullptr;
}

Result<void> check_query(const Request& request) {
  MJ_CHECK(allow_query(request.target, {"again"}));
  const std::string* again = request.target.find("again");
  if (again == nullptr || (*again == "replaces" && is_lines(request))) return {};
  return fail(ErrorKind::invalid, "again: must be \"replaces\", with application/x-ndjson");
}

Duration clock_offset_of(const Request& request, const Services& services) {
  const auto& feeds = services.context.settings.feeds;
  const auto feed = std::ranges::find(feeds, request.who.id, &config::Feed::id);
  return feed == feeds.end() ? Duration{0} : feed->clock_offset;
}

/// RFC 8259 §8.1 lets us pass over a byte order mark.
std::string_view body_of(const Request& request) {
  return without_mark(as_text(request.body));
}

json::object told(const index::Ingested& stored) {
  json::object answer{{"accepted", stored.accepted}, {"duplicates", stored.duplicates}};
  if (stored.replaced > 0) answer["replaced"] = stored.replaced;
  if (stored.different > 0) answer["different"] = stored.different;
  return answer;
}

Checked<json::object> take_batch(const Request& request, const Services& services) {
  auto events =
      parse_events(body_of(request), services.context.clock.now(), clock_offset_of(request, services));
  if (!events) return tl::unexpected<Refusal>(std::move(events).error());
  auto stored = services.context.index.ingest(request.who.id, std::move(*events));
  if (!stored) return tl::unexpected<Refusal>(refusal_of_index(stored.error()));
  return told(*stored);
}

Checked<json::object> take_lines(const Request& request, const Services& services) {
  const Duration offset = clock_offset_of(request, services);
  auto lines = parse_lines(body_of(request), services.context.clock.now(), offset);
  if (!lines) return tl::unexpected<Refusal>(std::move(lines).error());
  index::Feeds feeds(services.context.index);
  auto stored = are_rows(request) ? feeds.take_rows(request.who.id, lines->events)
                                  : feeds.take_each(request.who.id, lines->events);
  if (!stored) return tl::unexpected<Refusal>(Refusal{stored.error(), ""});
  for (auto& refused : stored->refused) {
    lines->refused.push_back({lines->line_of_event[refused.position], std::move(refused.message)});
  }
  std::ranges::sort(lines->refused, {}, &RefusedLine::line);
  json::array refused;
  for (const auto& [line, message] : lines->refused) {
    refused.push_back(json::object{{"line", line}, {"message", message}});
  }
  json::object answer = told(*stored);
  answer["refused"] = std::move(refused);
  return answer;
}

}  // namespace

asio::awaitable<Response> post_events(Request& request, Services& services) {
  if (auto query = check_query(request); !query) co_return error_answer(query.error());
  auto stored = co_await on_work(services.work, [&] {
    return is_lines(request) ? take_lines(request, services) : take_batch(request, services);
  });
  if (!stored) co_return refusal_answer(stored.error());
  co_return json_answer(*stored);
}

}  // namespace mj::server
