#include <algorithm>

#include "server/handlers.h"
#include "server/services.h"
#include "server/text.h"

// Timelines of many streams. They say only when there was footage and how much happened, so they are not
// gated.
namespace mj::server {
namespace {

constexpr Duration kLongestLanes = std::chrono::hours(24 * 366);
constexpr int kUsualColumns = 1000;

/// "all" or keys with commas between. Errors: invalid; not_found for what cannot be a key.
Result<std::vector<StreamKey>> streams_of(const Target& target) {
  const std::string* text = target.find("streams");
  if (text == nullptr || text->empty())
    return fail(ErrorKind::invalid, "streams must be \"all\" or keys with commas between");
  std::vector<StreamKey> keys;
  if (*text == "all") return keys;
  for (std::size_t begin = 0; begin <= text->size();) {
    const std::size_t end = std::min(text->find(',', begin), text->size());
    keys.push_back(text->substr(begin, end - begin));
    if (!is_stream_key(keys.back())) return fail(ErrorKind::not_found, "no such stream");
    begin = end + 1;
  }
  return keys;
}

Result<int> columns_of(const Target& target) {
  const std::string* text = target.find("px");
  if (text == nullptr) return kUsualColumns;
  MJ_TRY(const int64_t columns, parse_integer(*text, "px"));
  if (columns >= 1 && columns <= index::Timeline::kMostColumns) return static_cast<int>(columns);
  return fail(ErrorKind::invalid, "px must be a number from 1 to {}", index::Timeline::kMostColumns);
}

json::object to_json(const index::Lane& lane) {
  json::array coverage;
  for (const auto& part : lane.coverage) {
    json::array one{to_us(part.begin), to_us(part.end), name(part.state)};
    if (part.state == index::LanePart::State::gap && part.cause) one.push_back(name(*part.cause));
    coverage.push_back(std::move(one));
  }
  json::object object{{"stream", lane.stream}, {"kind", name(lane.kind)}, {"coverage", std::move(coverage)}};
  if (lane.presence) {
    json::array presence;
    for (const auto& part : *lane.presence)
      presence.push_back({to_us(part.begin), to_us(part.end), name(part.state)});
    object["presence"] = std::move(presence);
  }
  if (!lane.shots.empty()) object["shots"] = json::array(lane.shots.begin(), lane.shots.end());
  return object;
}

Result<json::object> lanes(const Request& request, const index::Index& index) {
  MJ_CHECK(allow_query(request.target, {"streams", "from", "to", "px"}));
  index::LaneQuery query;
  MJ_TRY(query.streams, streams_of(request.target));
  MJ_TRY(const auto interval, query_interval(request.target, kLongestLanes));
  MJ_TRY(query.columns, columns_of(request.target));
  query.from = interval.first;
  query.to = interval.second;
  MJ_TRY(const auto answer, index::Timeline(index).lanes(std::move(query)));
  json::array streams, visits;
  for (const auto& lane : answer.lanes) streams.push_back(to_json(lane));
  for (const auto& [window, served] : answer.visits) {
    json::array parts;
    for (const auto& part : served) parts.push_back({to_us(part.begin), to_us(part.end), part.count});
    json::array alerts;
    if (const auto found = answer.alerts.find(window); found != answer.alerts.end()) {
      for (const auto& part : found->second)
        alerts.push_back({to_us(part.begin), to_us(part.end), name(part.level), part.count});
    }
    visits.push_back(
        json::object{{"window", window}, {"served", std::move(parts)}, {"alerts", std::move(alerts)}});
  }
  return json::object{{"from_us", to_us(answer.from)},
                      {"to_us", to_us(answer.to)},
                      {"streams", std::move(streams)},
                      {"visits", std::move(visits)}};
}

}  // namespace

asio::awaitable<Response> get_lanes(Request& request, Services& services) {
  auto answer = co_await on_work(services.work, [&] { return lanes(request, services.context.index); });
  co_return answer ? json_answer(std::move(*answer)) : error_answer(answer.error());
}

}  // namespace mj::server
