#include "server/handlers.h"
#include "server/json_out.h"
#include "server/services.h"
#include "server/strict_json.h"
#include "server/text.h"

// Visits, with and without a case, and what persons say about their links. No footage passes here.
namespace mj::server {
namespace {

constexpr int kMostVisits = 500;
constexpr int kUsualVisits = 100;
constexpr std::size_t kNumberBytes = 256;  // 64 code points
constexpr std::size_t kReasonBytes = 2000;

Result<std::optional<bool>> without_case(const Target& target) {
  const std::string* text = target.find("without_case");
  if (text == nullptr) return std::nullopt;
  if (*text == "1") return true;
  if (*text == "0") return false;
  return fail(ErrorKind::invalid, "?without_case= must be 1 (none) or 0 (at least one)");
}

Result<std::optional<index::Desk::Cursor>> cursor(const Target& target) {
  MJ_TRY(const auto parts, query_cursor<2>(target));
  if (!parts) return std::nullopt;
  const auto [called, id] = *parts;
  return index::Desk::Cursor{from_us(called), id};
}

Result<json::object> list_visits(const Target& target, index::Index& index) {
  MJ_CHECK(allow_query(target, {"without_case", "from", "to", "window", "clerk", "after", "limit"}));
  index::Desk::Filter filter;
  MJ_TRY(filter.without_case, without_case(target));
  MJ_TRY(filter.from, optional_time(target, "from"));
  MJ_TRY(filter.to, optional_time(target, "to"));
  MJ_TRY(filter.window, optional_id(target, "window"));
  MJ_TRY(filter.clerk, optional_id(target, "clerk"));
  MJ_TRY(filter.after, cursor(target));
  MJ_TRY(const int limit, query_limit(target, kMostVisits));
  filter.limit = target.find("limit") == nullptr ? kUsualVisits : limit;
  MJ_TRY(const auto page, index::Desk(index).visits(filter));
  json::array visits;
  for (const auto& line : page.visits) visits.push_back(to_json(line));
  json::value next;
  if (page.next) next = cursor_word(std::array{to_us(page.next->called), page.next->id});
  return json::object{{"visits", std::move(visits)}, {"next", std::move(next)}};
}

/// The {visit} of the path.
Result<int64_t> visit_of(const Request& request) {
  return parse_integer(request.param("visit"), "visit");
}

Result<json::object> one_visit(const Request& request, index::Index& index) {
  MJ_CHECK(allow_query(request.target, {}));
  MJ_TRY(const int64_t id, visit_of(request));
  MJ_TRY(const auto visit, index::Desk(index).visit(id));
  return to_json(visit);
}

Checked<index::Decision> read_decision(const Request& request) {
  auto object = parse_json_object(as_text(request.body));
  if (!object) return tl::unexpected<Refusal>(std::move(object).error());
  Fields fields(*object, "$");
  index::Decision decision;
  decision.case_number = fields.text("case", kNumberBytes);
  decision.reason = fields.text("reason", kReasonBytes);
  const auto action = index::decision_action_from(fields.text("action", kNumberBytes));
  if (!action) fields.fail("action", "must be confirm, reject or add");
  if (auto done = fields.finish(); !done) return tl::unexpected<Refusal>(std::move(done).error());
  decision.action = *action;
  decision.login = request.who.account.login;
  decision.name = request.who.account.display_name;
  return decision;
}

Checked<json::object> decide(const Request& request, index::Index& index) {
  const auto id = visit_of(request);
  if (!id) return tl::unexpected<Refusal>(Refusal{id.error(), ""});
  auto decision = read_decision(request);
  if (!decision) return tl::unexpected<Refusal>(std::move(decision).error());
  decision->visit = *id;
  auto entry = entry_of(request.who, "decide");
  entry.about = decision->case_number;
  entry.reason = decision->reason;
  if (auto noted = index::Register(index).note(std::move(entry)); !noted) {
    return tl::unexpected<Refusal>(Refusal{noted.error(), ""});
  }
  if (auto taken = index::Desk(index).decide(*decision); !taken) {
    return tl::unexpected<Refusal>(Refusal{taken.error(), ""});
  }
  spdlog::info("visits: {} says {} case {} of visit {}", decision->login, name(decision->action),
               decision->case_number, *id);
  auto visit = one_visit(request, index);
  if (!visit) return tl::unexpected<Refusal>(Refusal{visit.error(), ""});
  return std::move(*visit);
}

}  // namespace

asio::awaitable<Response> get_visits(Request& request, Services& services) {
  auto page =
      co_await on_work(services.work, [&] { return list_visits(request.target, services.context.index); });
  co_return page ? json_answer(std::move(*page)) : error_answer(page.error());
}

asio::awaitable<Response> get_visit(Request& request, Services& services) {
  auto visit = co_await on_work(services.work, [&] { return one_visit(request, services.context.index); });
  co_return visit ? json_answer(std::move(*visit)) : error_answer(visit.error());
}

asio::awaitable<Response> post_visit_link(Request& request, Services& services) {
  auto visit = co_await on_work(services.work, [&] { return decide(request, services.context.index); });
  co_return visit ? json_answer(std::move(*visit)) : refusal_answer(visit.error());
}

}  // namespace mj::server
