#include "index/footage.h"
#include "index/fragment_codec.h"
#include "index/joined.h"
#include "index/presence.h"
#include "index/spans.h"
#include "index/tail.h"
#include "index/titles.h"
#include "index/words.h"

namespace mj::index {

namespace {

// What comes all day is added by a statement that changes one row or none: for INSERT OR REPLACE SQLite
// prepares to undo the statement, each time.
constexpr const char* kFindStreamId = "SELECT id, configured_us FROM streams WHERE key = ?1";
constexpr const char* kInsertStream =
    "INSERT INTO streams (key, kind, device, name, purpose, legal_basis, configured_us)"
    " VALUES (?1, ?2, ?3, ?3, '', '', ?4)";
constexpr const char* kConfiguredEarlier = "UPDATE streams SET configured_us = ?2 WHERE id = ?1";
constexpr const char* kInsertStore = "INSERT INTO stores (name) VALUES (?1)";
constexpr const char* kFindStore = "SELECT id FROM stores WHERE name = ?1";
constexpr const char* kPutRun =
    "INSERT INTO runs (stream, start_us, mime, video_init, width, height, audio, time_error_us)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING";
constexpr const char* kAddSegment =
    "INSERT INTO segments (stream, start_us, run_age_us, duration_us, store, bytes, header_bytes,"
    " suspect, sha256, fragments) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO NOTHING";
constexpr const char* kRemoveSegment = "DELETE FROM segments WHERE stream = ?1 AND start_us = ?2";
// Column shots.kind.
constexpr int kShot = 0;
constexpr int kSameShot = 1;

constexpr const char* kFindTitle = "SELECT id FROM titles WHERE text = ?1";
constexpr const char* kInsertTitle = "INSERT INTO titles (text) VALUES (?1)";
constexpr const char* kAddShot =
    "INSERT INTO shots (stream, at_us, title, program, idle_ms, kind, locked)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";
constexpr const char* kRemoveShot = "DELETE FROM shots WHERE stream = ?1 AND at_us = ?2";
constexpr const char* kPutClockOffset =
    "INSERT OR REPLACE INTO clock_offsets SELECT id, ?2, ?3, ?4 FROM streams WHERE key = ?1";
constexpr const char* kPutGap =
    "INSERT OR REPLACE INTO gaps (stream, begin_us, end_us, cause, detail) VALUES (?1, ?2, ?3, ?4, ?5)";
constexpr const char* kRemoveGap = "DELETE FROM gaps WHERE stream = ?1 AND begin_us = ?2";
constexpr const char* kDropGapsFrom = "DELETE FROM gaps WHERE stream = ?1 AND begin_us >= ?2";
// Four ways in which footage [?2, ?3) can meet a gap: within it, over its end, over its begin, all over it.
constexpr const char* kSplitGap =
    "INSERT INTO gaps (stream, begin_us, end_us, cause, detail)"
    " SELECT stream, ?3, end_us, cause, detail FROM gaps"
    " WHERE stream = ?1 AND begin_us < ?2 AND (end_us > ?3 OR end_us IS NULL)";
constexpr const char* kCutGapEnd =
    "UPDATE gaps SET end_us = ?2 WHERE stream = ?1 AND begin_us < ?2 AND (end_us > ?2 OR end_us IS NULL)";
constexpr const char* kCutGapBegin =
    "UPDATE gaps SET begin_us = ?3"
    " WHERE stream = ?1 AND begin_us >= ?2 AND begin_us < ?3 AND (end_us > ?3 OR end_us IS NULL)";
constexpr const char* kDropGap =
    "DELETE FROM gaps WHERE stream = ?1 AND begin_us >= ?2 AND begin_us < ?3 AND end_us <= ?3";

Result<int64_t> ensure_store(Database& database, const std::string& name) {
  MJ_TRY(const auto id, database.first(
                            kFindStore, [](const Statement& row) { return row.integer(0); }, name));
  if (id) return *id;
  MJ_CHECK(database.run(kInsertStore, name));
  return database.last_insert_id();
}

Result<int64_t> ensure_title(Database& database, const std::string& text, VisitUpdate& visits) {
  MJ_TRY(const auto id, database.first(
                            kFindTitle, [](const Statement& row) { return row.integer(0); }, text));
  if (id) return *id;
  MJ_CHECK(database.run(kInsertTitle, text));
  const int64_t made = database.last_insert_id();
  MJ_CHECK(make_words(database, kWordsAtOnce));
  TitleNumbers numbers(database, visits);
  MJ_CHECK(numbers.put(made, text));
  MJ_CHECK(numbers.catch_up(kTitlesAtOnce));
  return made;
}

Result<void> carve(Database& database, int64_t stream, Span span) {
  if (span.begin >= span.end) return {};
  MJ_CHECK(database.run(kSplitGap, stream, span.begin, span.end));
  MJ_CHECK(database.run(kCutGapEnd, stream, span.begin));
  MJ_CHECK(database.run(kCutGapBegin, stream, span.begin, span.end));
  return database.run(kDropGap, stream, span.begin, span.end);
}

}  // namespace

Result<int64_t> ensure_stream(Database& database, const StreamKey& key, WallTime since) {
  struct Found {
    int64_t id;
    WallTime configured;
  };
  MJ_TRY(const auto found, database.first(
                               kFindStreamId,
                               [](const Statement& row) {
                                 return Found{row.integer(0), row.time(1)};
                               },
                               key));
  if (found && since < found->configured) MJ_CHECK(database.run(kConfiguredEarlier, found->id, since));
  if (found) return found->id;
  const std::string device = key.substr(0, key.rfind('.'));
  MJ_CHECK(database.run(kInsertStream, key, name(kind_of_key(key)), device, since));
  return database.last_insert_id();
}

Result<void> put_run(Database& database, const capture::Run& run) {
  MJ_TRY(const int64_t stream, ensure_stream(database, run.stream, run.start));
  return database.run(kPutRun, stream, run.start, run.mime, run.video_init, run.width, run.height, run.audio,
                      run.time_error);
}

Result<Bytes> place_list(const SegmentRow& row) {
  const bool screen = kind_of_key(row.segment.stream) == StreamKind::screen;
  return encode_fragments(screen ? row.fragments : joined(row.fragments), row.segment.start,
                          row.header_bytes);
}

Result<void> put_segment(Database& database, const SegmentRow& row) {
  MJ_TRY(const Bytes places, place_list(row));
  return put_segment(database, row, places);
}

Result<void> put_segment(Database& database, const SegmentRow& row, BytesView places) {
  MJ_TRY(const int64_t stream, ensure_stream(database, row.segment.stream, row.segment.start));
  MJ_TRY(const int64_t store, ensure_store(database, row.segment.store));
  const auto add = [&] {
    return database.run(kAddSegment, stream, row.segment.start, row.segment.start - row.run_start,
                        row.end - row.segment.start, store, row.bytes, row.header_bytes, row.suspect,
                        row.sha256, places);
  };
  MJ_CHECK(add());
  if (database.changes() == 0) {
    MJ_CHECK(database.run(kRemoveSegment, stream, row.segment.start));
    MJ_CHECK(add());
  }
  return add_to_spans(database, stream, kind_of_key(row.segment.stream), row.segment.start, row.end);
}

Result<void> remove_segment(Database& database, const StreamKey& key, WallTime start) {
  MJ_TRY(const int64_t stream, ensure_stream(database, key, start));
  MJ_CHECK(database.run(kRemoveSegment, stream, start));
  return cut_from_spans(database, stream, start);
}

Result<void> put_shot(Database& database, const StreamKey& key, WallTime at, const capture::ShotFacts& facts,
                      VisitUpdate& visits) {
  MJ_TRY(const int64_t stream, ensure_stream(database, key, at));
  MJ_TRY(const int64_t title, ensure_title(database, facts.title, visits));
  MJ_TRY(const int64_t program, ensure_title(database, facts.program, visits));
  const int kind = facts.kind == capture::EntryKind::same ? kSameShot : kShot;
  const auto add = [&] {
    return database.run(kAddShot, stream, at, title, program, facts.idle_ms, kind, facts.locked);
  };
  MJ_CHECK(add());
  if (database.changes() == 0) {
    MJ_CHECK(database.run(kRemoveShot, stream, at));
    MJ_CHECK(add());
  }
  MJ_CHECK(note_presence(database, stream, at, facts.idle_ms, facts.locked, visits));
  return note_title(database, stream, at, title, visits);
}

Result<void> put_shot_entry(Database& database, const StreamKey& key, WallTime at,
                            const capture::ShotFacts& facts, bool in_order, VisitUpdate& visits) {
  MJ_CHECK(put_shot(database, key, at, facts, visits));
  return put_entry(database, key,
                   {.ref = &facts.entry,
                    .at = at,
                    .nominal = facts.nominal,
                    .configured = facts.configured,
                    .in_order = in_order});
}

/// No footage: it makes no stream, and says nothing about since when there is one.
Result<void> put_clock_offset(Database& database, const capture::ClockOffset& offset) {
  return database.run(kPutClockOffset, offset.stream, offset.at, offset.offset.count(), offset.error.count());
}

Result<void> change_gap(Database& database, const StreamKey& key, const GapChange& change) {
  const WallTime since = change.put      ? change.put->begin
                         : change.remove ? *change.remove
                                         : change.carve.value_or(Span{}).begin;
  MJ_TRY(const int64_t stream, ensure_stream(database, key, since));
  if (change.clear_from) {
    MJ_CHECK(database.run(kDropGapsFrom, stream, *change.clear_from));
    MJ_CHECK(database.run(kCutGapEnd, stream, *change.clear_from));
  }
  if (change.carve) MJ_CHECK(carve(database, stream, *change.carve));
  if (change.remove) MJ_CHECK(database.run(kRemoveGap, stream, *change.remove));
  if (!change.put) return {};
  const Gap& gap = *change.put;
  return database.run(kPutGap, stream, gap.begin, gap.end, name(gap.cause), gap.detail);
}

}  // namespace mj::index
