#include <algorithm>

#include "index/footage.h"
#include "index/fragment_codec.h"
#include "index/purge_rows.h"

namespace mj::index {

namespace {

#define MJ_STREAM_COLUMNS "id, key, kind, device, name, purpose, legal_basis, configured_us, removed_us"
constexpr const char* kFindStream = "SELECT " MJ_STREAM_COLUMNS " FROM streams WHERE key = ?1";
constexpr const char* kAllStreams = "SELECT " MJ_STREAM_COLUMNS " FROM streams ORDER BY key";
#undef MJ_STREAM_COLUMNS
constexpr const char* kFootageEnd =
    "SELECT start_us + duration_us FROM segments WHERE stream = ?1 ORDER BY start_us DESC LIMIT 1";
constexpr const char* kLastGapEnd =
    "SELECT end_us FROM gaps WHERE stream = ?1 AND end_us IS NOT NULL ORDER BY begin_us DESC LIMIT 1";
constexpr const char* kOpenGap =
    "SELECT begin_us, end_us, cause, detail FROM gaps WHERE stream = ?1 AND end_us IS NULL"
    " ORDER BY begin_us DESC LIMIT 1";
#define MJ_SEGMENT_COLUMNS                                                                                 \
  "SELECT start_us, run_age_us, duration_us, stores.name, bytes, header_bytes, suspect, sha256, fragments" \
  " FROM segments JOIN stores ON stores.id = segments.store "
constexpr const char* kSegmentsBetween = MJ_SEGMENT_COLUMNS
    "WHERE stream = ?1 AND start_us >= ?2 AND start_us < ?4 AND start_us + duration_us > ?3"
    " ORDER BY start_us";
constexpr const char* kSegmentAt = MJ_SEGMENT_COLUMNS "WHERE stream = ?1 AND start_us = ?2";
#undef MJ_SEGMENT_COLUMNS
constexpr const char* kFootageBetween =
    "SELECT start_us, duration_us, header_bytes, fragments FROM segments"
    " WHERE stream = ?1 AND start_us >= ?2 AND start_us < ?4 AND start_us + duration_us > ?3";
// Gaps do not overlap: the one that reaches into the interval is the last that begins before it.
constexpr const char* kGapsBetween =
    "SELECT begin_us, end_us, cause, detail FROM gaps WHERE stream = ?1 AND begin_us < ?3 AND begin_us >="
    " ifnull((SELECT max(begin_us) FROM gaps WHERE stream = ?1 AND begin_us <= ?2), ?2)"
    " AND (end_us > ?2 OR end_us IS NULL) ORDER BY begin_us";
constexpr const char* kRunAt =
    "SELECT mime, video_init, width, height FROM runs WHERE stream = ?1 AND start_us = ?2";
constexpr const char* kClockOffsetsBetween =
    "SELECT at_us, offset_us, error_us FROM clock_offsets WHERE stream = ?1 AND at_us >= ?2 AND at_us < ?3 "
    "ORDER BY at_us";
constexpr const char* kShotsBetween =
    "SELECT at_us, t.text, p.text, idle_ms, kind, locked FROM shots"
    " JOIN titles AS t ON t.id = title JOIN titles AS p ON p.id = program"
    " WHERE stream = ?1 AND at_us >= ?2 AND at_us < ?3 ORDER BY at_us LIMIT ?4";

StreamKind kind_from(const std::string& text) {
  for (const StreamKind kind : {StreamKind::sub, StreamKind::screen}) {
    if (text == name(kind)) return kind;
  }
  return StreamKind::main;
}

StreamRow stream_row(const Statement& row) {
  return {row.integer(0), row.text(1), kind_from(row.text(2)), row.text(3), row.text(4), row.text(5),
          row.text(6),    row.time(7), row.maybe_time(8)};
}

Gap gap_row(const Statement& row) {
  // A cause of a newer program's vocabulary still is a gap.
  return {row.time(0), row.maybe_time(1), gap_cause_from(row.text(2)).value_or(GapCause::stalled),
          row.text(3)};
}

Result<SegmentRow> segment_row(const Statement& row, const StreamKey& key) {
  SegmentRow segment;
  segment.segment = {.store = row.text(3), .stream = key, .start = row.time(0), .open = false};
  segment.run_start = segment.segment.start - Duration(row.integer(1));
  segment.end = segment.segment.start + Duration(row.integer(2));
  segment.bytes = static_cast<uint64_t>(row.integer(4));
  segment.header_bytes = static_cast<uint32_t>(row.integer(5));
  segment.suspect = row.integer(6) != 0;
  segment.sha256 = digest_of(row.blob(7));
  MJ_TRY(segment.fragments, decode_fragments(row.blob(8), segment.segment.start, segment.header_bytes));
  return segment;
}

}  // namespace

Digest digest_of(BytesView bytes) {
  Digest digest{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), digest.size()), digest.begin());
  return digest;
}

Result<std::optional<StreamRow>> find_stream(Database& database, const StreamKey& key) {
  return database.first(kFindStream, stream_row, key);
}

Result<std::vector<StreamRow>> all_streams(Database& database) {
  std::vector<StreamRow> rows;
  MJ_CHECK(database.each(kAllStreams, [&](const Statement& row) { rows.push_back(stream_row(row)); }));
  return rows;
}

Result<StreamEnd> stream_end(Database& database, const StreamRow& stream) {
  StreamEnd end{stream, {}, {}, {}};
  MJ_TRY(end.footage_end, database.first(
                              kFootageEnd, [](const Statement& row) { return row.time(0); }, stream.id));
  MJ_TRY(const auto gap_end, database.first(
                                 kLastGapEnd, [](const Statement& row) { return row.time(0); }, stream.id));
  MJ_TRY(const auto purged, newest_purged(database, stream.id));
  end.accounted = std::max(end.footage_end, gap_end);
  if (purged) end.accounted = std::max(end.accounted, std::optional(purged->first));
  MJ_TRY(end.open_gap, database.first(kOpenGap, gap_row, stream.id));
  return end;
}

Result<std::vector<SegmentRow>> segments_between(Database& database, const StreamRow& stream, WallTime from,
                                                 WallTime to) {
  std::vector<SegmentRow> rows;
  MJ_TRY(auto found, database.query(kSegmentsBetween, stream.id, from - kLongestSegment, from, to));
  while (true) {
    MJ_TRY(const bool more, found.step());
    if (!more) return rows;
    MJ_TRY(auto row, segment_row(found, stream.key));
    rows.push_back(std::move(row));
  }
}

Result<std::optional<SegmentRow>> segment_at(Database& database, const StreamRow& stream, WallTime start) {
  MJ_TRY(auto found, database.query(kSegmentAt, stream.id, start));
  MJ_TRY(const bool exists, found.step());
  if (!exists) return std::nullopt;
  MJ_TRY(auto row, segment_row(found, stream.key));
  return std::optional<SegmentRow>(std::move(row));
}

Result<std::vector<Span>> footage_between(Database& database, const StreamRow& stream, WallTime from,
                                          WallTime to) {
  std::vector<Span> spans;
  MJ_TRY(auto found, database.query(kFootageBetween, stream.id, from - kLongestSegment, from, to));
  while (true) {
    MJ_TRY(const bool more, found.step());
    if (!more) return spans;
    const WallTime start = found.time(0);
    if (fragments_touch(found.blob(3))) {
      spans.push_back({start, start + Duration(found.integer(1))});
      continue;
    }
    MJ_TRY(const auto places,
           decode_fragments(found.blob(3), start, static_cast<uint32_t>(found.integer(2))));
    for (const auto& place : places) spans.push_back({place.start, place.end});
  }
}

Result<std::vector<Gap>> gaps_between(Database& database, const StreamRow& stream, WallTime from,
                                      WallTime to) {
  std::vector<Gap> gaps;
  MJ_CHECK(database.each(
      kGapsBetween, [&](const Statement& row) { gaps.push_back(gap_row(row)); }, stream.id, from, to));
  return gaps;
}

Result<CoverageFacts> coverage_rows(Database& database, const StreamRow& stream, WallTime from, WallTime to) {
  CoverageFacts facts;
  facts.from = from;
  facts.to = to;
  facts.kind = stream.kind;
  facts.configured = stream.configured;
  facts.removed = stream.removed;
  MJ_TRY(facts.footage, footage_between(database, stream, from - kCoverageMargin, to + kCoverageMargin));
  MJ_TRY(facts.gaps, gaps_between(database, stream, from - kCoverageMargin, to + kCoverageMargin));
  MJ_TRY(facts.purged, purged_between(database, stream, from - kCoverageMargin, to + kCoverageMargin));
  return facts;
}

Result<std::optional<RunInit>> run_at(Database& database, const StreamRow& stream, WallTime start) {
  const auto run = [](const Statement& row) {
    const BytesView init = row.blob(1);
    return RunInit{row.text(0),
                   {init.begin(), init.end()},
                   static_cast<int>(row.integer(2)),
                   static_cast<int>(row.integer(3))};
  };
  return database.first(kRunAt, run, stream.id, start);
}

Result<std::vector<capture::ClockOffset>> clock_offsets_between(Database& database, const StreamRow& stream,
                                                                WallTime from, WallTime to) {
  std::vector<capture::ClockOffset> offsets;
  MJ_CHECK(database.each(
      kClockOffsetsBetween,
      [&](const Statement& row) {
        offsets.push_back({stream.key, row.time(0), Duration(row.integer(1)), Duration(row.integer(2))});
      },
      stream.id, from, to));
  return offsets;
}

Result<std::vector<ShotRow>> shots_between(Database& database, const StreamRow& stream, WallTime from,
                                           WallTime to, int limit) {
  std::vector<ShotRow> shots;
  const auto add = [&](const Statement& row) {
    shots.push_back(
        {row.time(0), row.text(1), row.text(2), row.integer(3), row.integer(4) != 0, row.integer(5) != 0});
  };
  MJ_CHECK(database.each(kShotsBetween, add, stream.id, from, to, limit));
  return shots;
}

}  // namespace mj::index
