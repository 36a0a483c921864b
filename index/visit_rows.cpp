#include "index/visit_rows.h"

#include <algorithm>

namespace mj::index {

namespace {

/// A call that comes again under another id of its feed is the same visit when it is this close.
constexpr Duration kSameCall = std::chrono::minutes(10);

constexpr const char* kRows =
    "SELECT id, called_event, ticket, called_us, ifnull(finished_us, called_us), inferred,"
    " EXISTS (SELECT 1 FROM decisions WHERE visit = visits.id)"
    " FROM visits WHERE window = ?1 AND called_us >= ?2 AND called_us <= ?3";
constexpr const char* kRowOfCall = "SELECT id FROM visits WHERE called_event = ?1";
constexpr const char* kInsert =
    "INSERT INTO visits (window, ticket, ticket_key, clerk, called_us, finished_us, finished_inferred,"
    " called_event, finished_event, inferred, rating, cases)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 0)";
// Of the many visits that are derived again for one event nearly all are what they were: those cost no write.
constexpr const char* kUpdate =
    "UPDATE visits SET window = ?2, ticket = ?3, ticket_key = ?4, clerk = ?5, called_us = ?6, finished_us = "
    "?7, finished_inferred = ?8, called_event = ?9, finished_event = ?10, inferred = ?11, rating = ?12 WHERE "
    "id = ?1 AND (window, ticket, ticket_key, clerk, called_us, finished_us, finished_inferred, "
    "called_event, finished_event, inferred, rating) IS NOT (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
constexpr const char* kCasesOfVisit = "SELECT case_id FROM links WHERE visit = ?1";
constexpr const char* kRemove =
    "DELETE FROM visits WHERE id = ?1"
    " AND NOT EXISTS (SELECT 1 FROM alerts WHERE visit = ?1 AND decision IS NOT NULL)";

struct Row {
  int64_t id = 0;
  std::optional<int64_t> called_event;
  std::string ticket;
  WallTime called, finished;
  bool inferred = false, decided = false;
  bool taken = false;  ///< by a derived visit
};

/// One window's rows in an interval and the visits they are to become. Thread and owner: one put_visits().
class Rows {
 public:
  Rows(Database& database, const std::string& window, Touched& touched)
      : database_(database), window_(window), touched_(touched) {}

  Result<void> read(WallTime from, WallTime to) {
    return database_.each(
        kRows,
        [&](const Statement& row) {
          rows_.push_back({row.integer(0), row.is_null(1) ? std::nullopt : std::optional(row.integer(1)),
                           row.text(2), row.time(3), row.time(4), row.integer(5) != 0, row.integer(6) != 0,
                           false});
        },
        window_, from, to);
  }

  /// First whoever has the same call, then the others by likeness: nobody takes another's row.
  Result<void> put(const std::vector<DerivedVisit>& visits) {
    std::vector<std::optional<int64_t>> ids;
    for (const auto& visit : visits) {
      MJ_TRY(ids.emplace_back(), row_of_call(visit));
    }
    for (size_t i = 0; i < visits.size(); ++i) {
      if (!ids[i]) ids[i] = row_alike(visits[i]);
    }
    // Room first: a call may have moved from one row to another.
    MJ_CHECK(remove_others());
    for (size_t i = 0; i < visits.size(); ++i) MJ_CHECK(write(visits[i], ids[i]));
    return {};
  }

 private:
  Result<std::optional<int64_t>> row_of_call(const DerivedVisit& visit) {
    if (!visit.called_event) return std::nullopt;
    MJ_TRY(const auto id,
           database_.first(
               kRowOfCall, [](const Statement& row) { return row.integer(0); }, *visit.called_event));
    if (id) take(*id);
    return id;
  }

  void take(int64_t id) {
    for (auto& row : rows_) row.taken = row.taken || row.id == id;
  }

  std::optional<int64_t> row_alike(const DerivedVisit& visit) {
    const auto alike = [&](const Row& row) {
      if (row.taken || row.inferred != visit.inferred()) return false;
      if (!visit.inferred()) {
        return row.ticket == visit.ticket && row.called - visit.called < kSameCall &&
               visit.called - row.called < kSameCall;
      }
      return row.called <= visit.finished.value_or(visit.called) && visit.called <= row.finished;
    };
    const auto row = std::ranges::find_if(rows_, alike);
    if (row == rows_.end()) return std::nullopt;
    row->taken = true;
    return row->id;
  }

  Result<void> remove_others() {
    for (const Row& row : rows_) {
      if (row.taken) continue;
      // What no fact supports any more goes, but not what a person said.
      MJ_CHECK(settle_links(database_, row.id, {}, touched_));
      if (!row.decided) MJ_CHECK(database_.run(kRemove, row.id));
      touched_.visits.insert(row.id);
    }
    return {};
  }

  Result<void> write(const DerivedVisit& visit, std::optional<int64_t> id) {
    const auto key = ticket_key(visit.ticket);
    if (id) {
      MJ_CHECK(database_.run(kUpdate, *id, window_, visit.ticket, key, visit.clerk, visit.called,
                             visit.finished, visit.finished_inferred, visit.called_event,
                             visit.finished_event, visit.inferred(), visit.rating));
      // The newest visit of a case is what lists are ordered by.
      const auto touch = [&](const Statement& row) { touched_.cases.insert(row.integer(0)); };
      if (database_.changes() > 0) {
        touched_.visits.insert(*id);
        MJ_CHECK(database_.each(kCasesOfVisit, touch, *id));
      }
    } else {
      MJ_CHECK(database_.run(kInsert, window_, visit.ticket, key, visit.clerk, visit.called, visit.finished,
                             visit.finished_inferred, visit.called_event, visit.finished_event,
                             visit.inferred(), visit.rating));
      id = database_.last_insert_id();
      touched_.visits.insert(*id);
    }
    return settle_links(database_, *id, visit.links, touched_);
  }

  Database& database_;
  const std::string& window_;
  Touched& touched_;
  std::vector<Row> rows_;
};

}  // namespace

Result<void> put_visits(Database& database, const std::string& window, WallTime from, WallTime to,
                        const std::vector<DerivedVisit>& visits, Touched& touched) {
  Rows rows(database, window, touched);
  MJ_CHECK(rows.read(from, to));
  return rows.put(visits);
}

std::string ticket_key(std::string_view ticket) {
  std::string key;
  for (const char c : ticket) {
    if (c != '0') key += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return key;
}

}  // namespace mj::index
