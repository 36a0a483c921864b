#include "index/alert_rows.h"

#include <algorithm>

#include "index/alert_rules.h"
#include "index/footage.h"
#include "index/hall_time.h"
#include "index/presence.h"

namespace mj::index {

namespace {

// A visit whose call does not count any more is kept only because a person said something about it.
constexpr const char* kVisit =
    "SELECT window, ticket, called_us, finished_us, inferred, cases, rating FROM visits WHERE id = ?1"
    " AND (called_event IS NULL OR EXISTS (SELECT 1 FROM facts WHERE facts.id = called_event))";
constexpr const char* kAlerts =
    "SELECT id, rule, level, window, from_us, to_us, state FROM alerts WHERE visit = ?1";
constexpr const char* kRaise =
    "INSERT INTO alerts (rule, level, visit, window, from_us, to_us, raised_us, state)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'proposed')";
constexpr const char* kChange =
    "UPDATE alerts SET level = ?2, window = ?3, from_us = ?4, to_us = ?5, raised_us = iif(state = "
    "'proposed', "
    "raised_us, ?6), state = 'proposed' WHERE id = ?1";
constexpr const char* kWithdraw = "UPDATE alerts SET state = 'withdrawn' WHERE id = ?1";

// In words that let SQLite use the small indexes of complaints.
constexpr const char* kComplaintsOfTicket =
    "SELECT at_us FROM events WHERE window = ?1 AND at_us > ?3 AND at_us < ?4 AND type = 'complaint'"
    " AND ticket = ?2 AND counts = 1";
// Events of a case that only the visit ?1 is about.
#define MJ_OF_ONLY_CASE(type)                                                                 \
  " FROM links AS mine JOIN events ON events.case_id = mine.case_id AND events.type = '" type \
  "' WHERE mine.visit = ?1 AND mine.state <> 'rejected' AND events.counts = 1"                \
  " AND NOT EXISTS (SELECT 1 FROM links AS other WHERE other.case_id = mine.case_id"          \
  "  AND other.visit <> ?1 AND other.state <> 'rejected')"
constexpr const char* kComplaintOfOnlyCase = "SELECT 1" MJ_OF_ONLY_CASE("complaint") " LIMIT 1";
// Given on a telephone at home, it names no window.
constexpr const char* kRatingOfOnlyCase = "SELECT score" MJ_OF_ONLY_CASE(
    "rating") " ORDER BY at_us DESC, events.source DESC, source_id DESC LIMIT 1";
#undef MJ_OF_ONLY_CASE
constexpr const char* kWasJudged =
    "SELECT 1 FROM events WHERE case_id = ?1 AND type IN ('complaint', 'rating') LIMIT 1";
constexpr const char* kVisitsOfCase = "SELECT visit FROM links WHERE case_id = ?1";
constexpr const char* kTimezone = "SELECT timezone FROM halls LIMIT 1";
constexpr const char* kScreensOfWindow =
    "SELECT DISTINCT stream FROM window_streams WHERE window = ?1 AND role = 'screen' AND from_us <= ?2"
    " AND (to_us > ?2 OR to_us IS NULL)";

constexpr const char* kIsThere = "SELECT 1 FROM alerts WHERE id = ?1";
constexpr const char* kDecide =
    "INSERT INTO alert_decisions (alert, action, login, name, reason, at_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
constexpr const char* kSetDecision = "UPDATE alerts SET state = ?2, decision = ?3 WHERE id = ?1";

constexpr Duration kLongestDay = std::chrono::hours(25);

int64_t first_integer(const Statement& row) {
  return row.integer(0);
}

struct VisitRow {
  std::string window, ticket;
  AlertFacts facts;
};

VisitRow visit_row(const Statement& row) {
  VisitRow visit{row.text(0), row.text(1), {}};
  visit.facts.called = row.time(2);
  visit.facts.finished = row.maybe_time(3);
  visit.facts.from_queue = row.integer(4) == 0;
  visit.facts.cases = row.integer(5);
  if (!row.is_null(6)) visit.facts.rating = row.integer(6);
  return visit;
}

struct AlertRow {
  int64_t id = 0;
  std::string rule, level, window;
  WallTime from;
  std::optional<WallTime> to;
  AlertState state = AlertState::proposed;
  [[nodiscard]] bool decided() const {
    return state == AlertState::confirmed || state == AlertState::dismissed;
  }
};

AlertRow alert_row(const Statement& row) {
  return {row.integer(0),
          row.text(1),
          row.text(2),
          row.text(3),
          row.time(4),
          row.maybe_time(5),
          alert_state_from(row.text(6)).value_or(AlertState::proposed)};
}

/// Whether somebody complained of the visit's window and ticket on its day.
Result<bool> ticket_complained_of(Database& database, const VisitRow& visit) {
  if (visit.ticket.empty()) return false;
  std::vector<WallTime> complaints;
  MJ_CHECK(database.each(
      kComplaintsOfTicket, [&](const Statement& row) { complaints.push_back(row.time(0)); }, visit.window,
      visit.ticket, visit.facts.called - kLongestDay, visit.facts.called + kLongestDay));
  if (complaints.empty()) return false;
  MJ_TRY(const auto timezone, database.first(kTimezone, [](const Statement& row) { return row.text(0); }));
  MJ_TRY(const auto hall, HallTime::of(timezone.value_or("UTC")));
  const auto day = hall.day_of(visit.facts.called);
  return std::ranges::any_of(complaints, [&](WallTime at) { return hall.day_of(at) == day; });
}

Result<bool> complained_of(Database& database, int64_t id, const VisitRow& visit) {
  MJ_TRY(const bool by_ticket, ticket_complained_of(database, visit));
  if (by_ticket || visit.facts.cases == 0) return by_ticket;
  MJ_TRY(const auto by_case, database.first(kComplaintOfOnlyCase, first_integer, id));
  return by_case.has_value();
}

/// Of several screens of a window each must have been left alone.
Result<std::optional<Span>> untouched(Database& database, const VisitRow& visit) {
  const auto& [called, finished] = std::pair(visit.facts.called, visit.facts.finished);
  if (!visit.facts.from_queue || !finished || *finished - called < kLongUntouched) return std::nullopt;
  std::vector<int64_t> screens;
  MJ_CHECK(database.each(
      kScreensOfWindow, [&](const Statement& row) { screens.push_back(row.integer(0)); }, visit.window,
      called));
  std::optional<Span> longest;
  std::vector<PresencePart> all;
  for (const int64_t screen : screens) {
    StreamRow stream;
    stream.id = screen;
    MJ_TRY(const auto gaps, gaps_between(database, stream, called, *finished));
    MJ_TRY(const auto parts, presence_between(database, screen, called, *finished, gaps));
    const auto span = longest_untouched(parts);
    if (span && (!longest || span->end - span->begin > longest->end - longest->begin)) longest = span;
    all.insert(all.end(), parts.begin(), parts.end());
  }
  const bool touched = longest && std::ranges::any_of(all, [&](const PresencePart& part) {
                         return part.state == PresencePart::State::input && part.begin < longest->end &&
                                part.end > longest->begin;
                       });
  return touched ? std::nullopt : longest;
}

Result<std::vector<Proposal>> proposals_of(Database& database, int64_t id, const VisitRow& visit) {
  AlertFacts facts = visit.facts;
  MJ_TRY(facts.complained, complained_of(database, id, visit));
  if (!facts.rating && facts.cases > 0) {
    MJ_TRY(facts.rating, database.first(kRatingOfOnlyCase, first_integer, id));
  }
  MJ_TRY(facts.untouched, untouched(database, visit));
  return proposals(facts);
}

Result<void> put_alert(Database& database, const Proposal& proposal, const std::vector<AlertRow>& rows,
                       int64_t visit, const std::string& window, WallTime now) {
  const auto row = std::ranges::find(rows, proposal.rule, &AlertRow::rule);
  if (row == rows.end()) {
    return database.run(kRaise, proposal.rule, name(proposal.level), visit, window, proposal.from,
                        proposal.to, now);
  }
  const bool same = row->state == AlertState::proposed && row->level == name(proposal.level) &&
                    row->window == window && row->from == proposal.from && row->to == proposal.to;
  if (same || row->decided()) return {};
  return database.run(kChange, row->id, name(proposal.level), window, proposal.from, proposal.to, now);
}

Result<void> settle_alerts_of(Database& database, int64_t id, WallTime now) {
  std::vector<AlertRow> rows;
  MJ_CHECK(database.each(
      kAlerts, [&](const Statement& row) { rows.push_back(alert_row(row)); }, id));
  MJ_TRY(const auto visit, database.first(kVisit, visit_row, id));
  std::vector<Proposal> wanted;
  if (visit) {
    MJ_TRY(wanted, proposals_of(database, id, *visit));
  }
  for (const Proposal& proposal : wanted)
    MJ_CHECK(put_alert(database, proposal, rows, id, visit->window, now));
  for (const AlertRow& row : rows) {
    const auto same = [&](const Proposal& proposal) { return row.rule == proposal.rule; };
    if (row.state == AlertState::proposed && std::ranges::none_of(wanted, same))
      MJ_CHECK(database.run(kWithdraw, row.id));
  }
  return {};
}

}  // namespace

Result<void> settle_alerts(Database& database, const Touched& touched, WallTime now) {
  auto visits = touched.visits;
  for (const int64_t id : touched.cases) {
    // That a case has a second visit now concerns the first one too.
    MJ_TRY(const auto judged, database.first(kWasJudged, first_integer, id));
    if (!judged) continue;
    MJ_CHECK(database.each(
        kVisitsOfCase, [&](const Statement& row) { visits.insert(row.integer(0)); }, id));
  }
  for (const int64_t id : visits) MJ_CHECK(settle_alerts_of(database, id, now));
  return {};
}

Result<void> take_alert_decision(Database& database, const AlertDecision& decision, WallTime now) {
  MJ_CHECK(check_reason(decision.reason));
  MJ_TRY(const auto known, database.first(kIsThere, first_integer, decision.alert));
  if (!known) return fail(ErrorKind::not_found, "there is no alert {}", decision.alert);
  MJ_CHECK(database.run(kDecide, decision.alert, name(decision.action), decision.login, decision.name,
                        decision.reason, now));
  const auto state =
      decision.action == AlertDecision::Action::confirm ? AlertState::confirmed : AlertState::dismissed;
  return database.run(kSetDecision, decision.alert, name(state), database.last_insert_id());
}

}  // namespace mj::index
