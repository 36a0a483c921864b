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

Result<json::object> find_cases(const Target& target, const index::Index& index) {
  MJ_CHECK(allow_query(target, {"q", "limit", "after"}));
  MJ_TRY(const int limit, query_limit(target, kMostHits));
  MJ_TRY(const auto after, cursor(target));
  const std::string* query = target.find("q");
  if (query != nullptr && query->size() > kMostQueryBytes) return fail(ErrorKind::invalid, "?q= is too long");
  MJ_TRY(const auto hits, query == nullptr || query->empty() ? index.recent_cases(limit, after)
                                                             : index.search_cases(*query, limit, after));
  json::array cases;
  for (const index::CaseHit& hit : hits) cases.push_back(to_json(hit));
  json::value next;
  if (hits.size() == static_cast<std::size_t>(limit)) {
    const auto& [exact, newest, id] = hits.back().place;
    next = cursor_word(std::array<int64_t, 3>{exact ? 1 : 0, to_us(newest), id});
  }
  return json::object{{"cases", std::move(cases)}, {"next", std::move(next)}};
}

}  // namespace

asio::awaitable<Response> get_cases(Request& request, Services& services) {
  auto found =
      co_await on_work(services.work, [&] { return find_cases(request.target, services.context.index); });
  co_return found ? json_answer(std::move(*found)) : error_answer(found.error());
}

asio::awaitable<Response> get_case(Request& request, Services& services) {
  if (auto query = allow_query(request.target, {}); !query) co_return error_answer(query.error());
  const std::string& number = request.param("number");
  auto answer = co_await on_work(services.work, [&] { return services.context.index.case_answer(number); });
  if (!answer) co_return error_answer(answer.error());
  spdlog::info("cases: {} opens case {}", request.who.account.login, answer->number);
  co_return json_answer(to_json(*answer));
}

}  // namespace mj::server
