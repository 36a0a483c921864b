#include "index/backlog.h"

#include <algorithm>

#include "index/tail.h"

namespace mj::index {

namespace {

constexpr Duration kUsualScreenPause = std::chrono::milliseconds(12'500);

Duration usual_pause(const StreamKey& stream) {
  return kind_of_key(stream) == StreamKind::screen ? kUsualScreenPause : kCameraTolerance;
}

Result<void> put_lost(Database& database, const StreamKey& stream, WallTime begin, WallTime end) {
  if (begin >= end) return {};
  const Gap lost{begin, end, GapCause::lost_in_crash, kIndexLost};
  return change_gap(database, stream, {.remove = {}, .put = lost, .carve = {}});
}

/// The open gap ends where the first file behind its begin starts.
Result<void> close_open_gap(Database& database, const StreamEnd& end, const std::vector<WallTime>& starts) {
  if (!end.open_gap) return {};
  const auto first = std::ranges::lower_bound(starts, end.open_gap->begin);
  if (first == starts.end()) return {};
  GapChange change{.remove = end.open_gap->begin, .put = {}, .carve = {}};
  if (end.open_gap->begin < *first) {
    change.put = end.open_gap;
    change.put->end = *first;
  }
  return change_gap(database, end.stream.key, change);
}

}  // namespace

Result<void> explain_holes(Database& database, const StreamKey& stream, const std::vector<WallTime>& starts) {
  MJ_TRY(const auto known, find_stream(database, stream));
  if (!known) return put_lost(database, stream, starts.front(), starts.back());
  MJ_TRY(const StreamEnd before, stream_end(database, *known));
  MJ_CHECK(close_open_gap(database, before, starts));
  MJ_TRY(const StreamEnd end, stream_end(database, *known));
  WallTime from = end.accounted.value_or(starts.front());
  if (starts.front() < known->configured) {
    MJ_CHECK(put_lost(database, stream, starts.front(), known->configured));
    from = std::max(from, known->configured);
  }
  const auto next = std::ranges::lower_bound(starts, from);
  if (next == starts.end()) return {};
  if (*next - from <= usual_pause(stream)) from = *next;
  return put_lost(database, stream, from, starts.back());
}

std::vector<Span> bridged_spans(const storage::FoundSegment& found, std::optional<WallTime> next_start) {
  const bool screen = kind_of_key(found.segment.stream) == StreamKind::screen;
  std::vector<Span> spans;
  Duration pause{0};
  for (const auto& place : found.fragments) {
    if (!spans.empty() && place.start <= spans.back().end + pause) {
      spans.back().end = std::max(spans.back().end, place.end);
    } else {
      spans.push_back({place.start, place.end});
    }
    pause = screen ? (place.end - place.start) * 3 / 2 : kCameraTolerance;
  }
  if (next_start && !spans.empty() && *next_start > spans.back().end &&
      *next_start <= spans.back().end + pause) {
    spans.back().end = *next_start;
  }
  return spans;
}

Result<void> put_found(Database& database, const storage::FoundSegment& found,
                       std::optional<WallTime> next_start, VisitUpdate& visits) {
  const StreamKey& stream = found.segment.stream;
  // A file of long ago may lie in gaps that are closed: the ledger, which only looks ahead, leaves those
  // alone.
  for (const Span& span : bridged_spans(found, next_start)) {
    MJ_CHECK(change_gap(database, stream, {.remove = {}, .put = {}, .carve = span}));
  }
  MJ_CHECK(put_run(database, *found.run));
  for (size_t i = 0; i < std::min(found.shots.size(), found.fragments.size()); ++i) {
    MJ_CHECK(put_shot_entry(database, stream, found.fragments[i].start, found.shots[i], false, visits));
  }
  SegmentRow row{found.segment,      found.run->start, found.end, found.bytes,
                 found.header_bytes, found.sha256,     false,     found.fragments};
  row.segment.open = false;
  return put_segment(database, row);
}

}  // namespace mj::index
