#include "index/visits.h"

#include <algorithm>

#include "index/links.h"

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
constexpr const char* kVisitsCalled =
    "SELECT id, called_event FROM visits WHERE window = ?1 AND called_us >= ?2 AND called_us <= ?3";
constexpr const char* kCasesOfVisit = "SELECT case_id FROM links WHERE visit = ?1";
constexpr const char* kRemoveVisit = "DELETE FROM visits WHERE id = ?1";
constexpr const char* kPutVisit =
    "INSERT INTO visits (window, ticket, clerk, called_us, finished_us, finished_inferred, called_event, "
    "finished_event)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (called_event) DO UPDATE SET ticket = "
    "excluded.ticket,"
    " clerk = excluded.clerk, finished_us = excluded.finished_us, finished_inferred = "
    "excluded.finished_inferred,"
    " finished_event = excluded.finished_event";
constexpr const char* kVisitOfCall = "SELECT id FROM visits WHERE called_event = ?1";
constexpr const char* kDropInferredLinks = "DELETE FROM links WHERE visit = ?1 AND confirmed_by IS NULL";
constexpr const char* kPutLink =
    "INSERT INTO links (case_id, visit, source, rule, confidence) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO "
    "NOTHING";
// A case of which nothing counts any more stays where its events were: they are its history.
constexpr const char* kRefreshCase =
    "UPDATE cases SET newest_us = coalesce("
    "  (SELECT max(called_us) FROM links JOIN visits ON visits.id = links.visit WHERE links.case_id = "
    "cases.id),"
    "  (SELECT max(at_us) FROM facts WHERE facts.case_id = cases.id),"
    "  (SELECT max(at_us) FROM events WHERE events.case_id = cases.id), newest_us),"
    " item = (SELECT item FROM facts WHERE facts.case_id = cases.id AND item IS NOT NULL"
    "  ORDER BY at_us DESC, source DESC, source_id DESC LIMIT 1) WHERE id = ?1";

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

/// One window's visits called in [from, to], made to be what the rules say. `touched` collects their cases.
class Reconciler {
 public:
  Reconciler(Database& database, std::string window, std::set<int64_t>& touched)
      : database_(database), window_(std::move(window)), touched_(touched) {}

  Result<void> run(WallTime from, WallTime to) {
    // Calls before `from` are read because one may be repeated in it, events after `to` because they may end
    // a visit.
    MJ_TRY(auto facts, facts_at(database_, window_, from - kLongestVisit, to + kLongestVisit));
    auto visits = derive_visits(std::move(facts.tickets), std::move(facts.steps));
    std::erase_if(visits, [&](const auto& visit) { return visit.called < from || visit.called > to; });
    MJ_CHECK(remove_others(visits, from, to));
    for (const auto& visit : visits) MJ_CHECK(put(visit));
    return {};
  }

 private:
  Result<void> remove_others(const std::vector<DerivedVisit>& visits, WallTime from, WallTime to) {
    std::vector<int64_t> gone;
    const auto look = [&](const Statement& row) {
      const bool stays =
          std::ranges::find(visits, row.integer(1), &DerivedVisit::called_event) != visits.end();
      if (!stays) gone.push_back(row.integer(0));
    };
    MJ_CHECK(database_.each(kVisitsCalled, look, window_, from, to));
    for (const int64_t visit : gone) {
      MJ_CHECK(touch_cases(visit));
      MJ_CHECK(database_.run(kRemoveVisit, visit));
    }
    return {};
  }

  Result<void> put(const DerivedVisit& visit) {
    MJ_CHECK(database_.run(kPutVisit, window_, visit.ticket, visit.clerk, visit.called, visit.finished,
                           visit.finished_inferred, visit.called_event, visit.finished_event));
    MJ_TRY(const auto id,
           database_.first(
               kVisitOfCall, [](const Statement& row) { return row.integer(0); }, visit.called_event));
    if (!id) return fail(ErrorKind::internal, "visit of event {} vanished", visit.called_event);
    MJ_CHECK(touch_cases(*id));
    MJ_CHECK(database_.run(kDropInferredLinks, *id));
    for (const auto& link : visit.links) {
      MJ_CHECK(database_.run(kPutLink, link.case_id, *id, link.source, link.rule, link.confidence));
      touched_.insert(link.case_id);
    }
    return {};
  }

  Result<void> touch_cases(int64_t visit) {
    return database_.each(
        kCasesOfVisit, [&](const Statement& row) { touched_.insert(row.integer(0)); }, visit);
  }

  Database& database_;
  std::string window_;
  std::set<int64_t>& touched_;
};

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
      MJ_CHECK(
          Reconciler(database, window, cases_).run(span.begin - kLongestVisit, span.end + kLongestVisit));
    }
  }
  for (const int64_t id : cases_) MJ_CHECK(database.run(kRefreshCase, id));
  return {};
}

Result<void> follow_correction(Database& database, const std::string& source, const std::string& corrected,
                               int64_t by) {
  return database.run(kFollowCorrection, source, corrected, by);
}

}  // namespace mj::index
