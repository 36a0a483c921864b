#include "server/handlers.h"
#include "server/json_out.h"
#include "server/services.h"
#include "server/strict_json.h"

// What rules propose to look at, and what persons decide about it. No footage passes here.
namespace mj::server {
namespace {

constexpr int kMostAlerts = 500;
constexpr int kUsualAlerts = 100;
constexpr std::size_t kWordBytes = 64;
constexpr std::size_t kReasonBytes = 2000;

/// "open", what waits for a person, when nothing is said.
Result<std::optional<index::AlertState>> state_of(const Target& target) {
  const std::string* text = target.find("state");
  if (text == nullptr || *text == "open") return index::AlertState::proposed;
  if (*text == "all") return std::nullopt;
  const auto state = index::alert_state_from(*text);
  if (!state)
    return fail(ErrorKind::invalid, "?state= must be open, all, proposed, confirmed, dismissed or withdrawn");
  return state;
}

Result<std::optional<index::AlertLevel>> level_of(const Target& target) {
  const std::string* text = target.find("level");
  if (text == nullptr) return std::nullopt;
  const auto level = index::alert_level_from(*text);
  if (!level) return fail(ErrorKind::invalid, "?level= must be blue, yellow or red");
  return level;
}

Result<std::optional<index::Alerts::Cursor>> cursor(const Target& target) {
  MJ_TRY(const auto parts, query_cursor<2>(target));
  if (!parts) return std::nullopt;
  const auto [from, id] = *parts;
  return index::Alerts::Cursor{from_us(from), id};
}

Result<json::object> list_alerts(const Target& target, index::Index& index) {
  MJ_CHECK(allow_query(target, {"state", "level", "rule", "window", "from", "to", "after", "limit"}));
  index::Alerts::Filter filter;
  MJ_TRY(filter.state, state_of(target));
  MJ_TRY(filter.level, level_of(target));
  MJ_TRY(filter.rule, optional_id(target, "rule"));
  MJ_TRY(filter.window, optional_id(target, "window"));
  MJ_TRY(filter.from, optional_time(target, "from"));
  MJ_TRY(filter.to, optional_time(target, "to"));
  MJ_TRY(filter.after, cursor(target));
  MJ_TRY(const int limit, query_limit(target, kMostAlerts));
  filter.limit = target.find("limit") == nullptr ? kUsualAlerts : limit;
  MJ_TRY(const auto page, index::Alerts(index).list(filter));
  json::array alerts;
  for (const auto& alert : page.alerts) alerts.push_back(to_json(alert));
  json::value next;
  if (page.next) next = cursor_word(std::array{to_us(page.next->from), page.next->id});
  return json::object{{"alerts", std::move(alerts)}, {"next", std::move(next)}};
}

Checked<index::AlertDecision> read_decision(const Request& request) {
  auto object = parse_json_object(as_text(request.body));
  if (!object) return tl::unexpected<Refusal>(std::move(object).error());
  Fields fields(*object, "$");
  index::AlertDecision decision;
  decision.reason = fields.text("reason", kReasonBytes);
  const auto action = index::alert_action_from(fields.text("action", kWordBytes));
  if (!action) fields.fail("action", "must be confirm or dismiss");
  if (auto done = fields.finish(); !done) return tl::unexpected<Refusal>(std::move(done).error());
  decision.action = *action;
  decision.login = request.who.account.login;
  decision.name = request.who.account.display_name;
  return decision;
}

Checked<json::object> decide(const Request& request, index::Index& index) {
  const auto refuse = [](const Error& error) { return tl::unexpected<Refusal>(Refusal{error, ""}); };
  if (const auto query = allow_query(request.target, {}); !query) return refuse(query.error());
  const auto id = parse_integer(request.param("alert"), "alert");
  if (!id) return refuse(id.error());
  auto decision = read_decision(request);
  if (!decision) return tl::unexpected<Refusal>(std::move(decision).error());
  decision->alert = *id;
  auto entry = entry_of(request.who, "alert");
  entry.about = fmt::format("{}", *id);
  entry.reason = decision->reason;
  if (auto noted = index::Register(index).note(std::move(entry)); !noted) return refuse(noted.error());
  if (auto taken = index::Alerts(index).decide(*decision); !taken) return refuse(taken.error());
  spdlog::info("alerts: {} says {} of alert {}", decision->login, name(decision->action), *id);
  const auto alert = index::Alerts(index).one(*id);
  if (!alert) return refuse(alert.error());
  return to_json(*alert);
}

}  // namespace

asio::awaitable<Response> get_alerts(Request& request, Services& services) {
  auto page =
      co_await on_work(services.work, [&] { return list_alerts(request.target, services.context.index); });
  co_return page ? json_answer(std::move(*page)) : error_answer(page.error());
}

asio::awaitable<Response> post_alert(Request& request, Services& services) {
  auto alert = co_await on_work(services.work, [&] { return decide(request, services.context.index); });
  co_return alert ? json_answer(std::move(*alert)) : refusal_answer(alert.error());
}

}  // namespace mj::server
