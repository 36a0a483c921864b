#include "index/visits.h"

#include <algorithm>

#include "index/alert_rows.h"
#include "index/alert_rules.h"
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
    "SELECT id, type, at_us, window, ticket, clerk, case_id, source || ' ' || source_id, score, step FROM "
    "facts"
    " WHERE window = ?1 AND at_us >= ?2 AND at_us <= ?3";
constexpr const char* kStepsByClerk =
    "SELECT id, type, at_us, window, ticket, clerk, case_id, source || ' ' || source_id, score, step FROM "
    "facts"
    " WHERE clerk = ?1 AND clerk <> '' AND at_us >= ?2 AND at_us <= ?3 AND window = '' AND type = "
    "'case_step'";
// Of a case that stood on the window's screen, by whatever account.
constexpr const char* kStepsOfCase =
    "SELECT id, type, at_us, window, ticket, clerk, case_id, source || ' ' || source_id, score, step FROM "
    "facts"
    " WHERE case_id = ?1 AND at_us >= ?2 AND at_us <= ?3 AND window = '' AND type = 'case_step'";
// From ?3 on for rosters, from ?4 on for sign-ins: none is longer.
constexpr const char* kDutyAtWindow =
    "SELECT DISTINCT clerk FROM clerk_windows WHERE window = ?1 AND from_us <= ?2 AND from_us >= ?3"
    " AND (said_by = 'roster' OR from_us >= ?4) AND to_us > ?5";
constexpr const char* kDutyOfClerk =
    "SELECT clerk, window, from_us, to_us, said_by FROM clerk_windows WHERE clerk = ?1 AND from_us <= ?2"
    " AND from_us >= ?3 AND (said_by = 'roster' OR from_us >= ?4) AND to_us > ?5";
constexpr const char* kScreensAtWindow =
    "SELECT DISTINCT stream FROM window_streams WHERE window = ?1 AND role = 'screen' AND from_us <= ?3"
    " AND (to_us > ?2 OR to_us IS NULL)";
constexpr const char* kNumbersOnScreen =
    "SELECT cases.id, sightings.from_us, ifnull(sightings.to_us, (SELECT max(at_us) FROM shots"
    " WHERE shots.stream = sightings.stream AND at_us >= sightings.from_us))"
    " FROM sightings JOIN title_numbers ON title_numbers.title = sightings.title"
    " JOIN cases ON cases.folded = title_numbers.folded"
    " WHERE sightings.stream = ?1 AND sightings.from_us >= ?2 AND sightings.from_us <= ?3 AND numbered = 1"
    " AND EXISTS (SELECT 1 FROM window_streams AS w WHERE w.window = ?4 AND w.stream = ?1 AND w.role = "
    "'screen'"
    "  AND w.from_us <= sightings.from_us AND (w.to_us > sightings.from_us OR w.to_us IS NULL))";
constexpr const char* kWindowsOfScreen =
    "SELECT DISTINCT window FROM window_streams WHERE stream = ?1 AND role = 'screen' AND from_us <= ?3"
    " AND (to_us > ?2 OR to_us IS NULL)";
// Where a case was worked on around a step of it.
constexpr const char* kScreensOfCase =
    "SELECT DISTINCT stream FROM cases JOIN title_numbers ON title_numbers.folded = cases.folded"
    " JOIN sightings ON sightings.title = title_numbers.title"
    " WHERE cases.id = ?1 AND sightings.from_us >= ?2 AND sightings.from_us <= ?3";
constexpr const char* kVisitsOfTicket =
    "SELECT id FROM visits WHERE ticket_key = ?1 AND ticket <> '' AND window = ?2 AND called_us >= ?3"
    " AND called_us <= ?4";
// Visits that are over and were long enough for a rule about it.
constexpr const char* kServedBeforeScreen =
    "SELECT visits.id FROM (SELECT DISTINCT window FROM window_streams WHERE stream = ?1 AND role = 'screen'"
    "  AND from_us <= ?3 AND (to_us > ?2 OR to_us IS NULL)) AS at"
    " JOIN visits ON visits.window = at.window AND called_us >= ?4 AND called_us < ?3 AND finished_us > ?2"
    " WHERE finished_us - called_us >= ?5 AND inferred = 0";
// A number that was seen before anybody told of its case: looked for once, when the case has its first event.
constexpr const char* kSightingsOfNewCase =
    "SELECT stream, from_us, ifnull(to_us, from_us) FROM cases"
    " JOIN title_numbers ON title_numbers.folded = cases.folded"
    " JOIN sightings ON sightings.title = title_numbers.title"
    " WHERE cases.id = ?1 AND (SELECT count(*) FROM (SELECT 1 FROM events WHERE case_id = ?1 LIMIT 2)) = 1"
    " ORDER BY from_us DESC LIMIT 100";

constexpr Duration kWithinDay = std::chrono::hours(25);

Fact fact_row(const Statement& row) {
  return {row.integer(0),
          event_type_from(row.text(1)).value_or(Event::Type::case_step),
          row.time(2),
          row.text(3),
          row.text(4),
          row.text(5),
          row.is_null(6) ? std::nullopt : std::optional(row.integer(6)),
          row.text(7),
          row.is_null(8) ? std::nullopt : std::optional(row.integer(8)),
          row.text(9)};
}

/// What is known about one window in [from, to]. Thread and owner: one reconcile().
class FactReader {
 public:
  FactReader(Database& database, const std::string& window, WallTime from, WallTime to)
      : database_(database), from_(from), to_(to) {
    facts_.window = window;
  }

  Result<WindowFacts> run() {
    MJ_CHECK(database_.each(
        kFactsAtWindow, [&](const Statement& row) { sort_in(fact_row(row)); }, facts_.window, from_, to_));
    MJ_CHECK(database_.each(
        kDutyAtWindow, [&](const Statement& row) { clerks_.insert(row.text(0)); }, facts_.window, to_,
        from_ - kLongestRoster, from_ - kLongestShift, from_));
    for (const auto& clerk : clerks_) MJ_CHECK(read_clerk(clerk));
    MJ_CHECK(read_screens());
    MJ_CHECK(read_steps_of_screens());
    return std::move(facts_);
  }

 private:
  void sort_in(Fact fact) {
    if (!fact.clerk.empty()) clerks_.insert(fact.clerk);
    switch (fact.type) {
      case Event::Type::case_step:
        return facts_.steps.push_back(std::move(fact));
      case Event::Type::ticket_called:
      case Event::Type::ticket_finished:
        return facts_.tickets.push_back(std::move(fact));
      case Event::Type::rating:
        return facts_.ratings.push_back(std::move(fact));
      default:
        return;
    }
  }

  Result<void> read_clerk(const std::string& clerk) {
    MJ_CHECK(database_.each(
        kStepsByClerk, [&](const Statement& row) { facts_.steps.push_back(fact_row(row)); }, clerk, from_,
        to_));
    return database_.each(
        kDutyOfClerk,
        [&](const Statement& row) {
          facts_.duties.push_back(
              {row.text(0), row.text(1), row.time(2), row.time(3), row.text(4) == "sign_in"});
        },
        clerk, to_, from_ - kLongestRoster, from_ - kLongestShift, from_);
  }

  Result<void> read_screens() {
    std::vector<int64_t> streams;
    MJ_CHECK(database_.each(
        kScreensAtWindow, [&](const Statement& row) { streams.push_back(row.integer(0)); }, facts_.window,
        from_, to_));
    const auto add = [&](const Statement& row) {
      const WallTime from = row.time(1);
      facts_.sightings.push_back({row.integer(0), from, row.is_null(2) ? from : row.time(2)});
    };
    for (const int64_t stream : streams)
      MJ_CHECK(database_.each(kNumbersOnScreen, add, stream, from_, to_, facts_.window));
    return {};
  }

  Result<void> read_steps_of_screens() {
    std::set<int64_t> known, cases;
    for (const Fact& step : facts_.steps) known.insert(step.id);
    for (const Sighting& seen : facts_.sightings) cases.insert(seen.case_id);
    const auto add = [&](const Statement& row) {
      if (known.insert(row.integer(0)).second) facts_.steps.push_back(fact_row(row));
    };
    for (const int64_t id : cases) MJ_CHECK(database_.each(kStepsOfCase, add, id, from_, to_));
    return {};
  }

  Database& database_;
  WallTime from_, to_;
  WindowFacts facts_;
  std::set<std::string> clerks_;
};

/// One window's visits called in [from, to], made to be what the rules say.
Result<void> reconcile(Database& database, const std::string& window, WallTime from, WallTime to,
                       Touched& touched) {
  // Calls before `from` are read because one may be repeated in it, events after `to` because they may end
  // a visit.
  MJ_TRY(auto facts, FactReader(database, window, from - kReach, to + kReach).run());
  auto visits = derive_visits(std::move(facts));
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
  if (fact.case_id) {
    touched_.cases.insert(*fact.case_id);
    MJ_CHECK(note_titles_of(database, *fact.case_id));
  }
  switch (fact.type) {
    case Event::Type::withdrawn:
      return {};
    case Event::Type::complaint:
      return note_complaint(database, fact);
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
  if (fact.case_id && fact.type == Event::Type::case_step) MJ_CHECK(note_screens_of(database, fact));
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

/// It changes no visit, but what is proposed. By its case that is asked for all cases.
Result<void> VisitUpdate::note_complaint(Database& database, const StoredFact& fact) {
  if (fact.window.empty() || fact.ticket.empty()) return {};
  return database.each(
      kVisitsOfTicket, [&](const Statement& row) { touched_.visits.insert(row.integer(0)); },
      ticket_key(fact.ticket), fact.window, fact.at - kWithinDay, fact.at + kWithinDay);
}

Result<void> VisitUpdate::note_presence(Database& database, int64_t stream, WallTime from, WallTime to) {
  return database.each(
      kServedBeforeScreen, [&](const Statement& row) { touched_.visits.insert(row.integer(0)); }, stream,
      from, to, from - kLongestVisit, kLongUntouched);
}

Result<void> VisitUpdate::note_screen(Database& database, int64_t stream, WallTime from, WallTime to) {
  return database.each(
      kWindowsOfScreen, [&](const Statement& row) { note_window(row.text(0), from, to); }, stream, from, to);
}

Result<void> VisitUpdate::note_screens_of(Database& database, const StoredFact& step) {
  std::vector<int64_t> streams;
  MJ_CHECK(database.each(
      kScreensOfCase, [&](const Statement& row) { streams.push_back(row.integer(0)); }, *step.case_id,
      step.at - kReach, step.at + kReach));
  for (const int64_t stream : streams) MJ_CHECK(note_screen(database, stream, step.at, step.at));
  return {};
}

Result<void> VisitUpdate::note_titles_of(Database& database, int64_t case_id) {
  struct Seen {
    int64_t stream;
    WallTime from, to;
  };
  std::vector<Seen> seen;
  MJ_CHECK(database.each(
      kSightingsOfNewCase,
      [&](const Statement& row) {
        seen.push_back({row.integer(0), row.time(1), row.time(2)});
      },
      case_id));
  for (const auto& one : seen) MJ_CHECK(note_screen(database, one.stream, one.from, one.to));
  return {};
}

Result<void> VisitUpdate::work_off(Database& database) {
  for (const auto& [window, spans] : windows_) {
    for (const Span& span : spans) {
      // Later visits too: a call that comes late may make a later call a repetition of it.
      MJ_CHECK(reconcile(database, window, span.begin - kReach, span.end + kReach, touched_));
    }
  }
  MJ_CHECK(refresh_cases(database, touched_.cases));
  return settle_alerts(database, touched_, now_);
}

Result<void> follow_correction(Database& database, const std::string& source, const std::string& corrected,
                               int64_t by) {
  return database.run(kFollowCorrection, source, corrected, by);
}

}  // namespace mj::index
