#include "index/purge_rows.h"

#include <algorithm>
#include <deque>

#include "index/hold_rows.h"
#include "index/presence.h"
#include "index/spans.h"

namespace mj::index {

namespace {

/// The one place that says what may be deleted, together with FreeStretches, which gives it the time between
/// two holds as [?2, ?5): in the same transaction that takes the segment out of the ledger. Footage that was
/// dated wrongly is as old as it really is at least.
constexpr const char* kDue =
    "SELECT start_us, start_us + duration_us, stores.name FROM segments JOIN stores ON stores.id = store"
    " WHERE stream = ?1 AND start_us >= ?2 AND start_us < ?5 AND start_us + duration_us <= ?5"
    " AND NOT EXISTS (SELECT 1 FROM misdated"
    "   WHERE from_us <= start_us AND to_us > start_us AND recorded_us > ?3)"
    " ORDER BY start_us LIMIT ?4";
constexpr const char* kCondemn =
    "INSERT OR REPLACE INTO garbage (stream, start_us, duration_us, store, bytes, sha256, rule, since_us)"
    " SELECT stream, start_us, duration_us, store, bytes, sha256, ?3, ?4 FROM segments"
    " WHERE stream = ?1 AND start_us = ?2";
constexpr const char* kDropSegment = "DELETE FROM segments WHERE stream = ?1 AND start_us = ?2";
constexpr const char* kDropShots = "DELETE FROM shots WHERE stream = ?1 AND at_us >= ?2 AND at_us < ?3";
constexpr const char* kDropSightings =
    "DELETE FROM sightings WHERE stream = ?1 AND from_us >= ?2 AND from_us < ?3";
constexpr const char* kStreams = "SELECT id FROM streams";
constexpr const char* kAllGarbage =
    "SELECT garbage.stream, streams.key, start_us, start_us + duration_us, stores.name, bytes FROM garbage"
    " JOIN streams ON streams.id = garbage.stream JOIN stores ON stores.id = garbage.store"
    " ORDER BY start_us";
// A record grows by what follows it without footage between, when both were deleted on one day by one rule.
constexpr const char* kGrowRecord =
    "UPDATE purges SET end_us = max(end_us, g.start_us + g.duration_us), last_us = ?3,"
    " segments = segments + 1, bytes = purges.bytes + g.bytes, sha256 = g.sha256"
    " FROM (SELECT * FROM garbage WHERE stream = ?1 AND start_us = ?2) AS g"
    " WHERE purges.stream = ?1 AND purges.begin_us ="
    "   (SELECT max(begin_us) FROM purges WHERE stream = ?1 AND begin_us <= ?2)"
    " AND purges.rule = g.rule AND purges.last_us / 86400000000 = ?3 / 86400000000"
    " AND NOT EXISTS (SELECT 1 FROM segments AS s"
    "   WHERE s.stream = ?1 AND s.start_us >= purges.begin_us AND s.start_us < ?2)"
    " AND NOT EXISTS (SELECT 1 FROM garbage AS o"
    "   WHERE o.stream = ?1 AND o.start_us >= purges.begin_us AND o.start_us < ?2)";
constexpr const char* kPutRecord =
    "INSERT OR REPLACE INTO purges"
    " (stream, begin_us, end_us, rule, first_us, last_us, segments, bytes, sha256)"
    " SELECT stream, start_us, start_us + duration_us, rule, ?3, ?3, 1, bytes, sha256 FROM garbage"
    " WHERE stream = ?1 AND start_us = ?2";
constexpr const char* kDropGarbage = "DELETE FROM garbage WHERE stream = ?1 AND start_us = ?2";
constexpr const char* kPurgedBetween =
    "SELECT begin_us, end_us, rule, last_us FROM purges WHERE stream = ?1 AND begin_us < ?3 AND end_us > ?2"
    " UNION ALL SELECT start_us, start_us + duration_us, rule, NULL FROM garbage"
    " WHERE stream = ?1 AND start_us < ?3 AND start_us + duration_us > ?2 ORDER BY 1";
constexpr const char* kNewestPurged =
    "SELECT end_us, sha256 FROM (SELECT end_us, sha256 FROM purges WHERE stream = ?1"
    " UNION ALL SELECT start_us + duration_us, sha256 FROM garbage WHERE stream = ?1)"
    " ORDER BY end_us DESC LIMIT 1";
constexpr const char* kPurgedLinks =
    "SELECT begin_us, sha256 FROM purges WHERE stream = ?1"
    " UNION ALL SELECT start_us, sha256 FROM garbage WHERE stream = ?1";
constexpr const char* kCountDue =
    "SELECT count(*), min(end_us) FROM (SELECT start_us + duration_us AS end_us FROM segments"
    " WHERE stream = ?1 AND start_us >= ?2 AND start_us < ?3 AND start_us + duration_us <= ?3"
    " ORDER BY start_us LIMIT ?4)";

constexpr int kRowsAtOnce = 8;
constexpr int kMostSkipped = 64;  // of a stream in one turn
constexpr int64_t kMostCounted = 1'000;

/// The time up to `before` that no hold covers, piece by piece: a year that is held costs one step.
class FreeStretches {
 public:
  FreeStretches(const HeldSpans& held, int64_t stream, WallTime before) : before_(before) {
    const auto spans = held.find(stream);
    if (spans != held.end()) held_ = &spans->second;
  }

  /// The first piece that does not end before `from`, from there on; none: there is none left.
  [[nodiscard]] std::optional<Span> at(WallTime from) {
    while (held_ != nullptr && next_ < held_->size() && (*held_)[next_].begin <= from) {
      from = std::max(from, (*held_)[next_++].end);
    }
    if (from >= before_) return std::nullopt;
    const bool last = held_ == nullptr || next_ == held_->size();
    return Span{from, last ? before_ : std::min(before_, (*held_)[next_].begin)};
  }

 private:
  WallTime before_;
  const std::vector<Span>* held_ = nullptr;
  size_t next_ = 0;
};

/// What may go of one stream, oldest first, a few rows at a time.
class DueOfStream {
 public:
  DueOfStream(Database& database, const PurgeOrder& order, const HeldSpans& held, int64_t stream,
              WallTime from)
      : database_(database),
        order_(order),
        stream_(stream),
        stretches_(held, stream, order.before),
        next_(from) {}

  /// False: nothing (more) may go.
  Result<bool> look() {
    while (rows_.empty() && !ended_ && skipped_ < kMostSkipped) {
      const auto free = stretches_.at(next_);
      if (!free) return false;
      int found = 0;
      MJ_CHECK(database_.each(
          kDue,
          [&](const Statement& row) {
            ++found;
            next_ = row.time(0) + Duration(1);
            if (order_.stores.contains(row.text(2))) {
              rows_.emplace_back(row.time(0), row.time(1));
            } else {
              ++skipped_;
            }
          },
          stream_, free->begin, order_.before, kRowsAtOnce, free->end));
      if (found == kRowsAtOnce) continue;
      // What reaches into a hold begins before it, and stays.
      ended_ = free->end == order_.before;
      if (!ended_) next_ = free->end;
    }
    return !rows_.empty();
  }

  [[nodiscard]] WallTime start() const { return rows_.front().first; }

  Result<void> condemn(WallTime now) {
    const auto [start, end] = rows_.front();
    rows_.pop_front();
    MJ_CHECK(database_.run(kCondemn, stream_, start, order_.rule, now));
    MJ_CHECK(database_.run(kDropSegment, stream_, start));
    MJ_CHECK(database_.run(kDropSightings, stream_, start, end));
    MJ_CHECK(cut_from_spans(database_, stream_, start));
    MJ_CHECK(database_.run(kDropShots, stream_, start, end));
    return cut_presence(database_, stream_, start, end);
  }

  /// Where the next turn goes on; none when nothing had to be skipped.
  [[nodiscard]] std::optional<WallTime> cursor(WallTime from) const {
    if (skipped_ == 0 && from == WallTime{}) return std::nullopt;
    return rows_.empty() ? next_ : rows_.front().first;
  }

 private:
  Database& database_;
  const PurgeOrder& order_;
  int64_t stream_;
  FreeStretches stretches_;
  WallTime next_;
  std::deque<std::pair<WallTime, WallTime>> rows_;
  int skipped_ = 0;
  bool ended_ = false;
};

Result<std::vector<int64_t>> stream_ids(Database& database) {
  std::vector<int64_t> ids;
  MJ_CHECK(database.each(kStreams, [&](const Statement& row) { ids.push_back(row.integer(0)); }));
  return ids;
}

}  // namespace

Result<uint64_t> condemn(Database& database, const PurgeOrder& order, PurgeCursors& cursors, uint64_t limit,
                         WallTime now) {
  MJ_TRY(const HeldSpans held, held_spans(database, order.before));
  std::map<int64_t, DueOfStream> streams;
  std::set<std::pair<WallTime, int64_t>> oldest;
  MJ_TRY(const auto ids, stream_ids(database));
  for (const int64_t id : ids) {
    auto& stream = streams.try_emplace(id, database, order, held, id, cursors[id]).first->second;
    MJ_TRY(const bool more, stream.look());
    if (more) oldest.emplace(stream.start(), id);
  }
  uint64_t count = 0;
  for (; count < limit && !oldest.empty(); ++count) {
    const int64_t id = oldest.begin()->second;
    oldest.erase(oldest.begin());
    auto& stream = streams.at(id);
    MJ_CHECK(stream.condemn(now));
    MJ_TRY(const bool more, stream.look());
    if (more) oldest.emplace(stream.start(), id);
  }
  for (const auto& [id, stream] : streams) {
    const auto cursor = stream.cursor(cursors[id]);
    cursor ? cursors.insert_or_assign(id, *cursor) : cursors.insert_or_assign(id, WallTime{});
  }
  return count;
}

Result<std::vector<Garbage>> all_garbage(Database& database) {
  std::vector<Garbage> all;
  MJ_CHECK(database.each(kAllGarbage, [&](const Statement& row) {
    all.push_back({row.integer(0),
                   {.store = row.text(4), .stream = row.text(1), .start = row.time(2), .open = false},
                   row.time(3),
                   static_cast<uint64_t>(row.integer(5))});
  }));
  return all;
}

Result<void> put_purged(Database& database, const Garbage& gone, WallTime now) {
  MJ_CHECK(database.run(kGrowRecord, gone.stream, gone.segment.start, now));
  if (database.changes() == 0) MJ_CHECK(database.run(kPutRecord, gone.stream, gone.segment.start, now));
  return database.run(kDropGarbage, gone.stream, gone.segment.start);
}

Result<std::vector<Purged>> purged_between(Database& database, const StreamRow& stream, WallTime from,
                                           WallTime to) {
  std::vector<Purged> all;
  MJ_CHECK(database.each(
      kPurgedBetween,
      [&](const Statement& row) {
        all.push_back({row.time(0), row.time(1), row.text(2), row.maybe_time(3)});
      },
      stream.id, from, to));
  return all;
}

Result<std::optional<std::pair<WallTime, Digest>>> newest_purged(Database& database, int64_t stream) {
  return database.first(
      kNewestPurged, [](const Statement& row) { return std::pair(row.time(0), digest_of(row.blob(1))); },
      stream);
}

Result<std::map<WallTime, Digest>> purged_links(Database& database, int64_t stream) {
  std::map<WallTime, Digest> links;
  MJ_CHECK(database.each(
      kPurgedLinks, [&](const Statement& row) { links[row.time(0)] = digest_of(row.blob(1)); }, stream));
  return links;
}

Result<DueCount> count_due(Database& database, WallTime before) {
  DueCount due;
  MJ_TRY(const HeldSpans held, held_spans(database, before));
  MJ_TRY(const auto ids, stream_ids(database));
  for (const int64_t id : ids) {
    int64_t left = kMostCounted;
    const auto count = [&](const Statement& row) {
      left -= row.integer(0);
      due.segments += static_cast<uint64_t>(row.integer(0));
      const auto oldest = row.maybe_time(1);
      if (oldest && (!due.oldest || *oldest < *due.oldest)) due.oldest = oldest;
    };
    FreeStretches stretches(held, id, before);
    for (auto free = stretches.at({}); free && left > 0; free = stretches.at(free->end)) {
      MJ_CHECK(database.each(kCountDue, count, id, free->begin, free->end, left));
    }
  }
  return due;
}

}  // namespace mj::index
