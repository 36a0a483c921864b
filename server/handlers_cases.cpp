#include "server/handlers.h"
#include "server/json_out.h"
#include "server/services.h"

// The catalogue of cases: what the landing page and the review desk ask first. No footage passes here.
namespace mj::server {
namespace {

constexpr int kMostHits = 100;
constexpr std::size_t kMostQueryBytes = 256;

Result<index::CaseCursor> cursor(const Target& target) {
  MJ_TRY(const auto parts, query_cursor<3>(target));
  if (!parts) return index::CaseCursor();
  const auto [exact, newest, id] = *parts;
  return index::CaseCursor{exact != 0, from_us(newest), id};
}

Result<json::object> find_cases(const Request& request, Services& services) {
  const Target& target = request.target;
  MJ_CHECK(allow_query(target, {"q", "limit", "after"}));
  MJ_TRY(const int limit, query_limit(target, kMostHits));
  MJ_TRY(const auto after, cursor(target));
  const std::string* query = target.find("q");
  if (query != nullptr && query->size() > kMostQueryBytes) return fail(ErrorKind::invalid, "?q= is too long");
  MJ_TRY(const auto hits, query == nullptr || query->empty()
                              ? services.context.index.recent_cases(limit, after)
                              : services.gate.search_cases(request.who, *query, limit, after));
  json::array cases;
  for (const index::CaseHit& hit : hits) cases.push_back(to_json(hit));
  json::value next;
  if (hits.size() == static_cast<std::size_t>(limit)) {
    const auto& [exact, newest, id] = hits.back().place;
    next = cursor_word(std::array<int64_t, 3>{exact ? 1 : 0, to_us(newest), id});
  }
  return json::object{{"cases", std::move(cases)}, {"next", std::move(next)}};
}

Result<json::object> open_case(const Request& request, Gate& gate) {
  MJ_CHECK(allow_query(request.target, {}));
  MJ_TRY(const auto answer, gate.case_answer(request.who, request.param("number")));
  return to_json(answer);
}

}  // namespace

asio::awaitable<Response> get_cases(Request& request, Services& services) {
  auto found = co_await on_work(services.work, [&] { return find_cases(request, services); });
  co_return found ? json_answer(std::move(*found)) : error_answer(found.error());
}

asio::awaitable<Response> get_case(Request& request, Services& services) {
  auto answer = co_await on_work(services.work, [&] { return open_case(request, services.gate); });
  co_return answer ? json_answer(std::move(*answer)) : error_answer(answer.error());
}

}  // namespace mj::server
