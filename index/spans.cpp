#include "index/spans.h"

#include <algorithm>

#include "index/coverage.h"
#include "index/ledger.h"
#include "index/model.h"

namespace mj::index {

namespace {

constexpr const char* kSpanAt =
    "SELECT begin_us, end_us FROM spans WHERE stream = ?1 AND begin_us <= ?2 ORDER BY begin_us DESC LIMIT 1";
constexpr const char* kSpanAfter =
    "SELECT begin_us, end_us FROM spans WHERE stream = ?1 AND begin_us > ?2 AND begin_us <= ?3"
    " ORDER BY begin_us LIMIT 1";
// What nearly every segment does: the stream's newest span goes on.
constexpr const char* kGrowNewest =
    "UPDATE spans SET end_us = ?3 WHERE stream = ?1 AND end_us <= ?3 AND end_us >= ?2"
    " AND begin_us = (SELECT max(begin_us) FROM spans WHERE stream = ?1) AND begin_us <= ?4";
constexpr const char* kDropSpan = "DELETE FROM spans WHERE stream = ?1 AND begin_us = ?2";
constexpr const char* kPutSpan =
    "INSERT INTO spans (stream, begin_us, end_us) VALUES (?1, ?2, ?3)"
    " ON CONFLICT DO UPDATE SET end_us = excluded.end_us";
constexpr const char* kEndBefore =
    "SELECT start_us + duration_us FROM segments WHERE stream = ?1 AND start_us < ?2"
    " ORDER BY start_us DESC LIMIT 1";
constexpr const char* kStartAfter =
    "SELECT start_us FROM segments WHERE stream = ?1 AND start_us > ?2 ORDER BY start_us LIMIT 1";

Span span_row(const Statement& row) {
  return {row.time(0), row.time(1)};
}
WallTime first_time(const Statement& row) {
  return row.time(0);
}

}  // namespace

Result<void> add_to_spans(Database& database, int64_t stream, StreamKind kind, WallTime begin, WallTime end) {
  // As coverage.cpp: what is further apart has a gap's row, or is told as unexplained.
  const Duration tolerance = kind == StreamKind::screen ? kCoverageMargin : kCameraTolerance;
  MJ_CHECK(database.run(kGrowNewest, stream, begin - tolerance, end, begin));
  if (database.changes() > 0) return {};
  MJ_TRY(const auto before, database.first(kSpanAt, span_row, stream, begin));
  if (before && before->end >= begin - tolerance) {
    if (before->end >= end) return {};
    begin = before->begin;
  }
  while (true) {
    MJ_TRY(const auto next, database.first(kSpanAfter, span_row, stream, begin, end + tolerance));
    if (!next) break;
    MJ_CHECK(database.run(kDropSpan, stream, next->begin));
    end = std::max(end, next->end);
  }
  return database.run(kPutSpan, stream, begin, end);
}

Result<void> cut_from_spans(Database& database, int64_t stream, WallTime start) {
  MJ_TRY(const auto span, database.first(kSpanAt, span_row, stream, start));
  if (!span || span->end <= start) return {};
  MJ_TRY(const auto before, database.first(kEndBefore, first_time, stream, start));
  MJ_TRY(const auto after, database.first(kStartAfter, first_time, stream, start));
  MJ_CHECK(database.run(kDropSpan, stream, span->begin));
  if (before && *before > span->begin)
    MJ_CHECK(database.run(kPutSpan, stream, span->begin, std::min(*before, span->end)));
  if (after && *after < span->end) return database.run(kPutSpan, stream, *after, span->end);
  return {};
}

}  // namespace mj::index
