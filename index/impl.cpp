#include "index/impl.h"

#include <algorithm>

#include "index/cases.h"
#include "index/coverage.h"
#include "index/visits.h"

namespace mj::index {

std::vector<Gap> with_pending(std::vector<Gap> rows, const TailView& view) {
  for (const auto& change : view.pending) {
    const auto drop = [&](WallTime begin) {
      std::erase_if(rows, [begin](const Gap& gap) { return gap.begin == begin; });
    };
    if (change.clear_from) {
      std::erase_if(rows, [&](const Gap& gap) { return gap.begin >= *change.clear_from; });
      for (Gap& gap : rows) gap.end = std::min(gap.end.value_or(*change.clear_from), *change.clear_from);
    }
    if (change.remove) drop(*change.remove);
    if (!change.put) continue;
    drop(change.put->begin);
    rows.push_back(*change.put);
  }
  return rows;
}

void add_live(CoverageFacts& facts, const TailView& view) {
  facts.footage_end = view.footage_end;
  facts.patience = view.patience;
  for (const auto& segment : view.segments) {
    for (const auto& place : segment.fragments) {
      facts.footage.push_back({place.start, place.end});
      facts.configured = std::min(facts.configured, place.start);
    }
  }
}

std::vector<Span> spans_of(const std::vector<storage::FragmentPlace>& fragments) {
  std::vector<Span> spans;
  for (const auto& place : fragments) {
    if (!spans.empty() && place.start <= spans.back().end) {
      spans.back().end = std::max(spans.back().end, place.end);
    } else {
      spans.push_back({place.start, place.end});
    }
  }
  return spans;
}

void Index::Impl::post(const StreamKey& stream, std::vector<NumberedChange> changes) {
  for (auto& change : changes) {
    writer->post(
        [stream, gap = change.change](Database& database) { return change_gap(database, stream, gap); },
        [this, stream, number = change.number](const Result<void>&) { tail.forget_change(stream, number); });
  }
}

Result<void> Index::Impl::commit(const StreamKey& stream, const std::vector<NumberedChange>& changes,
                                 const Writer::Command& rows) {
  auto committed = writer->call([&](Database& database) -> Result<void> {
    for (const auto& change : changes) MJ_CHECK(change_gap(database, stream, change.change));
    return rows(database);
  });
  for (const auto& change : changes) tail.forget_change(stream, change.number);
  return committed;
}

Result<std::optional<StreamRow>> Index::Impl::stream_row(Database& database, const StreamKey& stream,
                                                         bool known_to_tail) {
  MJ_TRY(auto row, find_stream(database, stream));
  if (row) return row;
  if (!known_to_tail) return fail(ErrorKind::not_found, "there is no stream \"{}\"", stream);
  row.emplace();  // its first rows are on their way
  row->key = stream;
  row->kind = kind_of_key(stream);
  row->configured = WallTime::max();
  return row;
}

Result<Coverage> Index::Impl::coverage(const StreamKey& stream, WallTime from, WallTime to) {
  const TailView view = tail.view(stream, from - kCoverageMargin, to + kCoverageMargin);
  MJ_TRY(const auto lease, readers->lease());
  return coverage_in(*lease, view, stream, from, to);
}

Result<Coverage> Index::Impl::coverage_in(Database& snapshot, const TailView& view, const StreamKey& stream,
                                          WallTime from, WallTime to) const {
  MJ_TRY(const auto row, stream_row(snapshot, stream, view.known));
  MJ_TRY(CoverageFacts facts, coverage_rows(snapshot, *row, from, to));
  facts.now = clock.now();
  facts.gaps = with_pending(std::move(facts.gaps), view);
  add_live(facts, view);
  return build_coverage(std::move(facts));
}

Result<void> Index::Impl::tell_states(std::vector<Visit>& visits) {
  struct Asked {
    VisitStream* stream;
    Span span;
    WallTime called;
    TailView view;
  };
  std::vector<Asked> asked;
  const WallTime now = clock.now();
  for (auto& visit : visits) {
    const Span span = review_span(visit, now);
    for (auto& stream : visit.streams) {
      if (stream.state == FootageState::never_mapped) continue;
      asked.push_back({&stream, span, visit.called,
                       tail.view(stream.key, span.begin - kCoverageMargin, span.end + kCoverageMargin)});
    }
  }
  MJ_TRY(const auto lease, readers->lease());
  for (const auto& one : asked) {
    MJ_TRY(const auto coverage, coverage_in(*lease, one.view, one.stream->key, one.span.begin, one.span.end));
    tell_state(*one.stream, coverage, one.called);
  }
  return {};
}

void Index::Impl::count(const std::string& source, const Ingested& ingested) {
  const MutexLock held(feed_mutex);
  FeedStatus& status = feed_status[source];
  status.accepted += static_cast<uint64_t>(ingested.accepted);
  status.duplicates += static_cast<uint64_t>(ingested.duplicates);
  status.refused += ingested.refused.size();
  status.last = clock.now();
}

Result<void> Index::Impl::adopt(const storage::FoundSegment& found) {
  const auto changes = tail.recovered(found.segment.stream, found.fragments);
  return commit(found.segment.stream, changes, [&](Database& database) -> Result<void> {
    VisitUpdate visits(clock.now());
    MJ_CHECK(put_found(database, found, std::nullopt, visits));
    return visits.work_off(database);
  });
}

}  // namespace mj::index
