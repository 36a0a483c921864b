#include <algorithm>

#include "index/case_number.h"
#include "index/cases.h"
#include "index/index.h"

namespace mj::index {

namespace {

constexpr int kMaxHits = 100;

// Ranges of two covering indexes; the text is only ever compared, so % and _ are characters like others. Of a
// beginning or an ending that very many numbers have, the greatest: those are mostly the youngest, and
// sorting a million takes too long.
constexpr const char* kSearch =
    "SELECT id, exact, newest_us FROM ("
    "  SELECT id, 1 AS exact, newest_us FROM cases WHERE folded = ?1"
    "  UNION SELECT * FROM (SELECT id, folded = ?1, newest_us FROM cases WHERE folded >= ?1 AND folded < ?2"
    "    ORDER BY folded DESC LIMIT 5000)"
    "  UNION SELECT * FROM (SELECT id, reversed = ?3, newest_us FROM cases WHERE reversed >= ?3 AND reversed "
    "< ?4"
    "    ORDER BY reversed DESC LIMIT 5000)"
    ") WHERE (exact, newest_us, id) < (?6, ?7, ?8) ORDER BY exact DESC, newest_us DESC, id DESC LIMIT ?5";
constexpr const char* kRecent =
    "SELECT id, 0, newest_us FROM cases WHERE (newest_us, id) < (?2, ?3)"
    " ORDER BY newest_us DESC, id DESC LIMIT ?1";
constexpr const char* kHit =
    "SELECT number, items.code, items.name,"
    " (SELECT count(*) FROM links WHERE links.case_id = cases.id AND state <> 'rejected')"
    " FROM cases LEFT JOIN items ON items.id = cases.item WHERE cases.id = ?1";
constexpr const char* kNewestVisit =
    "SELECT window, windows.name, clerk, clerks.name, called_us, finished_us FROM links"
    " JOIN visits ON visits.id = links.visit"
    " LEFT JOIN windows ON windows.id = visits.window LEFT JOIN clerks ON clerks.id = visits.clerk"
    " WHERE case_id = ?1 AND state <> 'rejected' ORDER BY called_us DESC, visits.id DESC LIMIT 1";

Result<CaseHit> hit_of(Database& database, int64_t id) {
  CaseHit hit;
  MJ_CHECK(database.each(
      kHit,
      [&](const Statement& row) {
        hit.number = row.text(0);
        if (!row.is_null(1)) hit.item = Named{row.text(1), row.text(2)};
        hit.visits = static_cast<int>(row.integer(3));
      },
      id));
  MJ_CHECK(database.each(
      kNewestVisit,
      [&](const Statement& row) {
        hit.window = named(row, 0, 1);
        hit.clerk = named(row, 2, 3);
        hit.called = row.time(4);
        hit.finished = row.maybe_time(5);
      },
      id));
  return hit;
}

CaseCursor cursor_of(const Statement& row) {
  return {row.integer(1) != 0, row.time(2), row.integer(0)};
}

Result<std::vector<CaseHit>> hits_at(Database& database, const std::vector<CaseCursor>& places) {
  std::vector<CaseHit> hits;
  for (const CaseCursor& place : places) {
    MJ_TRY(auto hit, hit_of(database, place.id));
    hit.place = place;
    hits.push_back(std::move(hit));
  }
  return hits;
}

}  // namespace

Result<std::vector<CaseHit>> search_cases(Database& database, const std::string& query, int limit,
                                          const CaseCursor& after) {
  MJ_TRY(const auto folded, fold_case_number(query));
  const auto reversed = reversed_code_points(folded);
  std::vector<CaseCursor> places;
  MJ_CHECK(database.each(
      kSearch, [&](const Statement& row) { places.push_back(cursor_of(row)); }, folded, prefix_end(folded),
      reversed, prefix_end(reversed), std::clamp(limit, 0, kMaxHits), after.exact, after.newest, after.id));
  return hits_at(database, places);
}

Result<std::vector<CaseHit>> recent_cases(Database& database, int limit, const CaseCursor& after) {
  std::vector<CaseCursor> places;
  MJ_CHECK(database.each(
      kRecent, [&](const Statement& row) { places.push_back(cursor_of(row)); },
      std::clamp(limit, 0, kMaxHits), after.newest, after.id));
  return hits_at(database, places);
}

}  // namespace mj::index
