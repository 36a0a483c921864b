#include "index/alerts.h"

#include <algorithm>

#include "index/alert_rows.h"
#include "index/cases.h"
#include "index/impl.h"

namespace mj::index {

namespace {

constexpr int kMostAlerts = 500;

// One list, newest first, by the index that fits the filter best, from the cursor on. ?1, ?2: the cursor; ?3:
// from; ?4: window; ?5: level, ?6: state, ?7: rule, '' for any; ?8: limit.
#define MJ_ALERTS(index, narrow)                                                                         \
  "SELECT id, from_us FROM alerts INDEXED BY " index " WHERE " narrow                                    \
  " (from_us, id) < (?1, ?2) AND from_us >= ?3 AND (?4 = '' OR window = ?4) AND (?5 = '' OR level = ?5)" \
  " AND (?6 = '' OR state = ?6) AND (?7 = '' OR rule = ?7) ORDER BY from_us DESC, id DESC LIMIT ?8"
constexpr const char* kOfAll = MJ_ALERTS("alerts_by_time", "");
constexpr const char* kOpen = MJ_ALERTS("alerts_open", "state = 'proposed' AND");
constexpr const char* kAtWindow = MJ_ALERTS("alerts_by_window", "window = ?4 AND");
constexpr const char* kOfLevel = MJ_ALERTS("alerts_by_level", "level = ?5 AND");
#undef MJ_ALERTS

constexpr const char* kAlert =
    "SELECT alerts.id, rule, level, visit, from_us, to_us, raised_us, state, said.login, said.name, "
    "said.reason,"
    " said.at_us, window, windows.name FROM alerts LEFT JOIN alert_decisions AS said ON said.id = "
    "alerts.decision"
    " LEFT JOIN windows ON windows.id = window WHERE alerts.id = ?1";
constexpr const char* kCountOpen =
    "SELECT level, count(*) FROM (SELECT level FROM alerts INDEXED BY alerts_open WHERE state = 'proposed'"
    " ORDER BY from_us DESC LIMIT ?1) GROUP BY level";

const char* list_for(const Alerts::Filter& filter) {
  if (!filter.window.empty()) return kAtWindow;
  if (filter.state == AlertState::proposed) return kOpen;
  return filter.level ? kOfLevel : kOfAll;
}

Alert alert_row(const Statement& row) {
  Alert alert;
  alert.id = row.integer(0);
  alert.rule = row.text(1);
  alert.level = alert_level_from(row.text(2)).value_or(AlertLevel::blue);
  alert.visit = row.integer(3);
  alert.from = row.time(4);
  alert.to = row.maybe_time(5);
  alert.raised = row.time(6);
  alert.window = named(row, 12, 13);
  alert.state = alert_state_from(row.text(7)).value_or(AlertState::proposed);
  if (row.is_null(11)) return alert;
  alert.login = row.text(8);
  alert.name = row.text(9);
  alert.reason = row.text(10);
  alert.decided = row.time(11);
  return alert;
}

/// With what is known of its visit. The window is the alert's own: what was decided stays where it was, and
/// is found there.
Result<std::optional<Alert>> read_alert(Database& database, int64_t id) {
  MJ_TRY(auto alert, database.first(kAlert, alert_row, id));
  if (!alert) return alert;
  MJ_TRY(auto line, visit_line(database, alert->visit));
  if (!line) return alert;
  alert->clerk = std::move(line->clerk);
  alert->ticket = std::move(line->ticket);
  if (!line->cases.empty()) alert->case_number = std::move(line->cases.front());
  return alert;
}

template <class Value>
std::optional<Value> value_named(std::string_view text, std::initializer_list<Value> values) {
  for (const Value value : values) {
    if (text == name(value)) return value;
  }
  return std::nullopt;
}

}  // namespace

const char* name(AlertLevel level) {
  switch (level) {
    case AlertLevel::blue:
      return "blue";
    case AlertLevel::yellow:
      return "yellow";
    case AlertLevel::red:
      return "red";
  }
  return "blue";
}

std::optional<AlertLevel> alert_level_from(std::string_view name_text) {
  return value_named(name_text, {AlertLevel::blue, AlertLevel::yellow, AlertLevel::red});
}

const char* name(AlertState state) {
  switch (state) {
    case AlertState::proposed:
      return "proposed";
    case AlertState::confirmed:
      return "confirmed";
    case AlertState::dismissed:
      return "dismissed";
    case AlertState::withdrawn:
      return "withdrawn";
  }
  return "proposed";
}

std::optional<AlertState> alert_state_from(std::string_view name_text) {
  return value_named(
      name_text, {AlertState::proposed, AlertState::confirmed, AlertState::dismissed, AlertState::withdrawn});
}

const char* name(AlertDecision::Action action) {
  return action == AlertDecision::Action::confirm ? "confirm" : "dismiss";
}

std::optional<AlertDecision::Action> alert_action_from(std::string_view name_text) {
  return value_named(name_text, {AlertDecision::Action::confirm, AlertDecision::Action::dismiss});
}

Result<Alerts::Page> Alerts::list(const Filter& filter) const {
  MJ_TRY(const auto lease, index_.impl_->readers->lease());
  const int limit = std::clamp(filter.limit, 1, kMostAlerts);
  Cursor begin{filter.to.value_or(WallTime::max()), 0};
  if (filter.after && filter.after->from < begin.from) begin = *filter.after;
  std::vector<Cursor> places;
  MJ_CHECK((*lease).each(
      list_for(filter),
      [&](const Statement& row) {
        places.push_back({row.time(1), row.integer(0)});
      },
      begin.from, begin.id, filter.from.value_or(WallTime::min()), filter.window,
      filter.level ? name(*filter.level) : "", filter.state ? name(*filter.state) : "", filter.rule,
      limit + 1));
  Page page;
  const bool more = places.size() > static_cast<size_t>(limit);
  if (more) places.pop_back();
  for (const Cursor& place : places) {
    MJ_TRY(auto alert, read_alert(*lease, place.id));
    if (alert) page.alerts.push_back(std::move(*alert));
  }
  if (more) page.next = places.back();
  return page;
}

Result<Alert> Alerts::one(int64_t id) const {
  MJ_TRY(const auto lease, index_.impl_->readers->lease());
  MJ_TRY(auto alert, read_alert(*lease, id));
  if (!alert) return fail(ErrorKind::not_found, "there is no alert {}", id);
  return std::move(*alert);
}

Result<void> Alerts::decide(const AlertDecision& decision) {
  return index_.impl_->writer->call(
      [&](Database& database) { return take_alert_decision(database, decision, index_.impl_->clock.now()); });
}

Result<std::array<uint64_t, 3>> Alerts::open() const {
  MJ_TRY(const auto lease, index_.impl_->readers->lease());
  std::array<uint64_t, 3> counts{};
  MJ_CHECK((*lease).each(
      kCountOpen,
      [&](const Statement& row) {
        const auto level = alert_level_from(row.text(0)).value_or(AlertLevel::blue);
        counts[static_cast<size_t>(level)] = static_cast<uint64_t>(row.integer(1));
      },
      kMostCounted));
  return counts;
}

}  // namespace mj::index
