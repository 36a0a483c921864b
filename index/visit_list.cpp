#include <algorithm>
#include <limits>

#include "index/alert_rules.h"
#include "index/cases.h"

namespace mj::index {

namespace {

constexpr int kMostLines = 500;

// One list, newest first, by the index that fits the filter best, each a single range of it from the cursor
// on. ?1, ?2: the cursor; ?3: from; ?4: 1 without a case, 0 with one, NULL either; ?5: window; ?6: clerk; ?7:
// limit.
constexpr const char* kOfAll =
    "SELECT id, called_us FROM visits INDEXED BY visits_by_call"
    " WHERE (called_us, id) < (?1, ?2) AND called_us >= ?3 AND (?4 IS NULL OR (cases = 0) = ?4)"
    " AND ?5 = '' AND ?6 = '' ORDER BY called_us DESC, id DESC LIMIT ?7";
constexpr const char* kOfAllWithoutCase =
    "SELECT id, called_us FROM visits INDEXED BY visits_without_case"
    " WHERE cases = 0 AND (called_us, id) < (?1, ?2) AND called_us >= ?3 AND ?4 = 1"
    " AND ?5 = '' AND ?6 = '' ORDER BY called_us DESC, id DESC LIMIT ?7";
constexpr const char* kAtWindow =
    "SELECT id, called_us FROM visits INDEXED BY visits_by_window"
    " WHERE window = ?5 AND (called_us, id) < (?1, ?2) AND called_us >= ?3 AND (?4 IS NULL OR (cases = 0) = "
    "?4)"
    " AND (?6 = '' OR clerk = ?6) ORDER BY called_us DESC, id DESC LIMIT ?7";
constexpr const char* kByClerk =
    "SELECT id, called_us FROM visits INDEXED BY visits_by_clerk"
    " WHERE clerk = ?6 AND clerk <> '' AND (called_us, id) < (?1, ?2) AND called_us >= ?3"
    " AND (?4 IS NULL OR (cases = 0) = ?4) AND ?5 = '' ORDER BY called_us DESC, id DESC LIMIT ?7";

constexpr const char* kLine =
    "SELECT visits.id, ticket, window, windows.name, clerk, clerks.name, called_us, finished_us, inferred, "
    "rating, called_event IS NULL OR EXISTS (SELECT 1 FROM facts WHERE facts.id = called_event)"
    " FROM visits LEFT JOIN windows ON windows.id = visits.window"
    " LEFT JOIN clerks ON clerks.id = visits.clerk WHERE visits.id = ?1";
constexpr const char* kNumbers =
    "SELECT number FROM links JOIN cases ON cases.id = links.case_id"
    " WHERE visit = ?1 AND state <> 'rejected' ORDER BY confidence DESC, number";

const char* list_for(const Desk::Filter& filter) {
  if (!filter.window.empty()) return kAtWindow;
  if (!filter.clerk.empty()) return kByClerk;
  return filter.without_case.value_or(false) ? kOfAllWithoutCase : kOfAll;
}

VisitLine line_row(const Statement& row) {
  VisitLine line;
  line.id = row.integer(0);
  line.ticket = row.text(1);
  line.window = named(row, 2, 3);
  line.clerk = named(row, 4, 5);
  line.called = row.time(6);
  line.finished = row.maybe_time(7);
  line.inferred = row.integer(8) != 0;
  if (!row.is_null(9)) line.rating = static_cast<int>(row.integer(9));
  // Kept only because a person said something about it, it says nothing of how long somebody was served.
  line.marked = row.integer(10) != 0 && long_enough_for_case(line.called, line.finished);
  return line;
}

}  // namespace

Result<std::optional<VisitLine>> visit_line(Database& database, int64_t id) {
  MJ_TRY(auto line, database.first(kLine, line_row, id));
  if (!line) return line;
  MJ_CHECK(database.each(
      kNumbers, [&](const Statement& row) { line->cases.push_back(row.text(0)); }, id));
  line->marked = line->marked && line->cases.empty();
  return line;
}

Result<Desk::Page> list_visits(Database& database, const Desk::Filter& filter) {
  const int limit = std::clamp(filter.limit, 1, kMostLines);
  Desk::Cursor begin{filter.to.value_or(WallTime::max()), 0};
  if (filter.after && filter.after->called < begin.called) begin = *filter.after;
  std::vector<Desk::Cursor> places;
  MJ_CHECK(database.each(
      list_for(filter),
      [&](const Statement& row) {
        places.push_back({row.time(1), row.integer(0)});
      },
      begin.called, begin.id, filter.from.value_or(WallTime::min()), filter.without_case, filter.window,
      filter.clerk, limit + 1));
  Desk::Page page;
  const bool more = places.size() > static_cast<size_t>(limit);
  if (more) places.pop_back();
  for (const auto& place : places) {
    MJ_TRY(auto line, visit_line(database, place.id));
    if (line) page.visits.push_back(std::move(*line));
  }
  if (more) page.next = places.back();
  return page;
}

}  // namespace mj::index
