#include "index/visits.h"

#include <algorithm>

#include "index/link_rows.h"
#include "index/visit_rows.h"

namespace mj::index {

namespace {

// "clerk <> ''" is what lets SQLite use an index that leaves out rows without one; else it reads every visit.
constexpr const char* kWindowsOfClerk =
    "SELECT DISTINCT window FROM visits WHERE clerk = ?1 AND clerk <> '' AND called_us >= ?2"
    " AND called_us <= ?3";
constexpr const char* kSignedInAt =
    "SELECT DISTINCT window FROM facts WHERE clerk = ?1 AND type IN ('roster', 'sign_in', 'sign_out')"
    " AND type = 'sign_in' AND at_us >= ?2 AND at_us <= ?3";
constexpr const char* kOnDutyAt =
    "SELECT DISTINCT window FROM clerk_windows WHERE clerk = ?1 AND from_us >= ?2 AND from_us <= ?3 AND "
    "to_us > "
    "?3";
constexpr const char* kFollowCorrection =
    "UPDATE visits SET called_event = call.id, window = call.window, called_us = call.at_us"
    " FROM facts AS call WHERE call.id = ?3 AND visits.called_event ="
    " (SELECT id FROM events WHERE source = ?1 AND source_id = ?2)";
constexpr const char* kFactsAtWindow =
    "SELECT id, type, at_us, window, ticket, clerk, case_id, source || ' ' || source_id FROM facts"
    " WHERE window = ?1 AND at_us >= ?2 AND at_us <= ?3";
constexpr const char* kStepsByClerk =
    "SELECT id, type, at_us, window, ticket, clerk, case_id, source || ' ' || source_id FROM facts"
    " WHERE clerk = ?1 AND clerk <> '' AND at_us >= ?2 AND at_us <= ?3 AND window = '' AND type = "
    "'case_step'";

Fact fact_row(const Statement& row) {
  return {row.integer(0),
          event_type_from(row.text(1)).value_or(Event::Type::case_step),
          row.time(2),
          row.text(3),
          row.text(4),
          row.text(5),
          row.is_null(6) ? std::nullopt : std::optional(row.integer(6)),
          row.text(7)};
}

struct Facts {
  std::vector<Fact> tickets, steps;
};

/// All that was said about a window in [from, to], and steps of the clerks who are named in it.
Result<Facts> facts_at(Database& database, const std::string& window, WallTime from, WallTime to) {
  Facts facts;
  std::set<std::string> clerks;
  const auto sort_in = [&](const Statement& row) {
    Fact fact = fact_row(row);
    if (!fact.clerk.empty()) clerks.insert(fact.clerk);
    if (fact.type == Event::Type::case_step) {
      facts.steps.push_back(std::move(fact));
    } else if (fact.type == Event::Type::ticket_called || fact.type == Event::Type::ticket_finished) {
      facts.tickets.push_back(std::move(fact));
    }
  };
  MJ_CHECK(database.each(kFactsAtWindow, sort_in, window, from, to));
  const auto add_step = [&](const Statement& row) { facts.steps.push_back(fact_row(row)); };
  for (const auto& clerk : clerks) MJ_CHECK(database.each(kStepsByClerk, add_step, clerk, from, to));
  return facts;
}

/// One window's visits called in [from, to], made to be what the rules say.
Result<void> reconcile(Database& database, const std::string& window, WallTime from, WallTime to,
                       std::set<int64_t>& touched) {
  // Calls before `from` are read because one may be repeated in it, events after `to` because they may end
  // a visit.
  MJ_TRY(auto facts, facts_at(database, window, from - kLongestVisit, to + kLongestVisit));
  auto visits = derive_visits(std::move(facts.tickets), std::move(facts.steps));
  std::erase_if(visits, [&](const auto& visit) { return visit.called < from || visit.called > to; });
  return put_visits(database, window, from, to, visits, touched);
}

}  // namespace

void VisitUpdate::note_window(const std::string& window, WallTime from, WallTime to) {
  auto& spans = windows_[window];
  // Events mostly come in order: joining with the last span keeps the list short; overlap elsewhere only
  // costs time.
  if (!spans.empty() && to >= spans.back().begin - kLongestVisit &&
      from <= spans.back().end + kLongestVisit) {
    spans.back() = {std::min(spans.back().begin, from), std::max(spans.back().end, to)};
  } else {
    spans.push_back({from, to});
  }
}

Result<void> VisitUpdate::note(Database& database, const StoredFact& fact) {
  if (fact.case_id) cases_.insert(*fact.case_id);
  switch (fact.type) {
    case Event::Type::withdrawn:
      return {};
    case Event::Type::roster:
    case Event::Type::sign_in:
    case Event::Type::sign_out:
      return note_duty(database, fact);
    default:
      break;
  }
  if (!fact.window.empty()) {
    note_window(fact.window, fact.at, fact.at);
    return {};
  }
  if (fact.clerk.empty()) return {};
  const auto at_window = [&](const Statement& row) { note_window(row.text(0), fact.at, fact.at); };
  MJ_CHECK(database.each(kWindowsOfClerk, at_window, fact.clerk, fact.at - kLongestVisit, fact.at));
  return database.each(kOnDutyAt, at_window, fact.clerk, fact.at - kLongestRoster, fact.at);
}

/// Who was on duty where changes from the moment of the event on: at its window, and where the clerk had
/// signed in before.
Result<void> VisitUpdate::note_duty(Database& database, const StoredFact& fact) {
  const WallTime end = fact.until.value_or(fact.at + kLongestShift);
  if (!fact.window.empty()) note_window(fact.window, fact.at, end);
  if (fact.type == Event::Type::roster) return {};
  return database.each(
      kSignedInAt, [&](const Statement& row) { note_window(row.text(0), fact.at, end); }, fact.clerk,
      fact.at - kLongestShift, fact.at);
}

Result<void> VisitUpdate::work_off(Database& database) {
  for (const auto& [window, spans] : windows_) {
    for (const Span& span : spans) {
      // Later visits too: a call that comes late may make a later call a repetition of it.
      MJ_CHECK(reconcile(database, window, span.begin - kLongestVisit, span.end + kLongestVisit, cases_));
    }
  }
  return refresh_cases(database, cases_);
}

Result<void> follow_correction(Database& database, const std::string& source, const std::string& corrected,
                               int64_t by) {
  return database.run(kFollowCorrection, source, corrected, by);
}

}  // namespace mj::index
