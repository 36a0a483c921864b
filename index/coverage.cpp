#include "index/coverage.h"

#include <algorithm>

namespace mj::index {

namespace {

// Shots of a slow cadence stand apart; the ledger has already made a gap of every hole that is unusual for
// its stream.
constexpr Duration kScreenTolerance = kCoverageMargin;
// A piece no row accounts for is given to the gap beside it up to here; a longer one is told as what it is.
constexpr Duration kNeighbourly = std::chrono::seconds(10);

std::vector<Span> clipped_union(std::vector<Span> spans, WallTime from, WallTime to) {
  std::ranges::sort(spans, {}, &Span::begin);
  std::vector<Span> merged;
  for (Span span : spans) {
    span = {std::max(span.begin, from), std::min(span.end, to)};
    if (span.begin >= span.end) continue;
    if (!merged.empty() && span.begin <= merged.back().end) {
      merged.back().end = std::max(merged.back().end, span.end);
    } else {
      merged.push_back(span);
    }
  }
  return merged;
}

/// Gap rows as disjoint closed intervals within [from, to): each ends where the next begins.
std::vector<Gap> clipped_disjoint(std::vector<Gap> gaps, WallTime from, WallTime to) {
  std::ranges::stable_sort(gaps, {}, &Gap::begin);
  std::vector<Gap> result;
  for (size_t i = 0; i < gaps.size(); ++i) {
    Gap gap = gaps[i];
    WallTime end = std::min(gap.end.value_or(to), to);
    if (i + 1 < gaps.size()) end = std::min(end, gaps[i + 1].begin);
    gap.begin = std::max(gap.begin, from);
    gap.end = end;
    if (gap.begin < end) result.push_back(std::move(gap));
  }
  return result;
}

/// Walks one interval and lays footage and gaps end to end.
class Builder {
 public:
  explicit Builder(const CoverageFacts& facts) : facts_(facts) {}

  Coverage build(WallTime until) {
    result_.until = until;
    const auto footage = clipped_union(facts_.footage, facts_.from, until);
    rows_ = clipped_disjoint(facts_.gaps, facts_.from, until);
    WallTime cursor = facts_.from;
    for (const Span& span : footage) {
      fill(cursor, span.begin, !result_.footage.empty());
      add_footage(span.begin, span.end);
      cursor = span.end;
    }
    fill(cursor, until, false);
    return std::move(result_);
  }

 private:
  /// Accounts for [begin, end), which is not footage. `inside`: there is footage on both sides.
  void fill(WallTime begin, WallTime end, bool inside) {
    if (begin >= end) return;
    std::vector<Gap> pieces;
    for (const Gap& row : rows_) {
      if (row.begin >= end || *row.end <= begin) continue;
      pieces.push_back(row);
      pieces.back().begin = std::max(row.begin, begin);
      pieces.back().end = std::min(*row.end, end);
    }
    const Duration tolerance = facts_.kind == StreamKind::screen ? kScreenTolerance : kCameraTolerance;
    if (pieces.empty() && inside && end - begin <= tolerance) return add_footage(begin, end);
    WallTime cursor = begin;
    for (Gap& piece : pieces) {
      if (cursor < piece.begin && piece.begin - cursor <= kNeighbourly && cursor >= facts_.configured)
        piece.begin = cursor;
      unaccounted(cursor, piece.begin);
      cursor = *piece.end;
      add_gap(std::move(piece));
    }
    if (!pieces.empty() && end - cursor <= kNeighbourly && cursor >= facts_.configured) {
      result_.gaps.back().end = end;
    } else {
      unaccounted(cursor, end);
    }
  }

  /// No row says anything about [begin, end).
  void unaccounted(WallTime begin, WallTime end) {
    const WallTime configured = std::clamp(facts_.configured, begin, std::max(begin, end));
    if (begin < configured) {
      add_gap({begin, configured, GapCause::not_yet_configured, "this stream was not configured yet"});
    }
    if (configured < end) add_gap({configured, end, unexplained_cause(facts_.kind), kUnexplained});
  }

  void add_footage(WallTime begin, WallTime end) {
    auto& footage = result_.footage;
    if (!footage.empty() && footage.back().end == begin) {
      footage.back().end = end;
    } else {
      footage.push_back({begin, end});
    }
  }

  void add_gap(Gap gap) {
    auto& gaps = result_.gaps;
    if (!gaps.empty() && gaps.back().end == gap.begin && gaps.back().cause == gap.cause &&
        gaps.back().detail == gap.detail) {
      gaps.back().end = gap.end;
    } else {
      gaps.push_back(std::move(gap));
    }
  }

  const CoverageFacts& facts_;
  std::vector<Gap> rows_;
  Coverage result_;
};

/// A purge's record may span gaps; they stay the gaps they were.
std::vector<Purged> without_gaps(std::vector<Purged> purged, std::vector<Gap> gaps) {
  std::ranges::sort(gaps, {}, &Gap::begin);
  std::vector<Purged> parts;
  for (Purged& record : purged) {
    for (const Gap& gap : gaps) {
      const WallTime gap_end = gap.end.value_or(WallTime::max());
      if (gap_end <= record.begin || gap.begin >= record.end) continue;
      if (record.begin < gap.begin) parts.push_back({record.begin, gap.begin, record.rule, record.when});
      record.begin = std::min(gap_end, record.end);
    }
    if (record.begin < record.end) parts.push_back(std::move(record));
  }
  std::ranges::sort(parts, {}, &Purged::begin);
  return parts;
}

/// Tells in one piece [begin, end) of what is or was footage which of it was purged; a piece without any is
/// the space between two fragments.
void divide(Span piece, const std::vector<Purged>& purged, Coverage& coverage) {
  if (piece.begin >= piece.end) return;
  Purged* last = nullptr;
  for (const Purged& record : purged) {
    if (record.end <= piece.begin || record.begin >= piece.end) continue;
    const WallTime begin = last == nullptr ? piece.begin : std::max(record.begin, last->begin);
    if (last != nullptr) last->end = begin;
    if (!coverage.purged.empty() && coverage.purged.back().end == begin &&
        sentence(coverage.purged.back()) == sentence(record)) {
      coverage.purged.back().end = piece.end;
    } else {
      coverage.purged.push_back({begin, piece.end, record.rule, record.when});
    }
    last = &coverage.purged.back();
  }
  if (last == nullptr) coverage.footage.push_back(piece);
}

/// The ledger was laid as if nothing had been deleted: what was footage was no gap. Now footage is what is
/// still there.
void tell_purged(Coverage& coverage, const std::vector<Span>& there, const std::vector<Purged>& purged) {
  if (purged.empty()) return;
  const auto whole = std::exchange(coverage.footage, {});
  for (const Span& span : whole) {
    WallTime cursor = span.begin;
    for (const Span& real : clipped_union(there, span.begin, span.end)) {
      divide({cursor, real.begin}, purged, coverage);
      coverage.footage.push_back(real);
      cursor = real.end;
    }
    divide({cursor, span.end}, purged, coverage);
  }
  coverage.footage = clipped_union(std::move(coverage.footage), WallTime::min(), WallTime::max());
  std::erase_if(coverage.purged, [](const Purged& part) { return part.begin >= part.end; });
}

bool has_open_gap(const CoverageFacts& facts) {
  return std::ranges::any_of(facts.gaps, [](const Gap& gap) { return !gap.end; });
}

/// Up to where the ledger can say anything at all.
WallTime horizon(const CoverageFacts& facts) {
  if (facts.removed && *facts.removed <= facts.now) return *facts.removed;
  if (!facts.footage_end) return facts.now;
  // Footage from before the clock was stepped back is footage all the same.
  if (has_open_gap(facts)) return std::max(facts.now, *facts.footage_end);
  // The last fragments are on their way to the disk: not footage yet, and no gap either until patience ends.
  if (facts.now - *facts.footage_end <= facts.patience) return *facts.footage_end;
  return facts.now;
}

}  // namespace

Coverage build_coverage(CoverageFacts facts) {
  const WallTime from = facts.from;
  const WallTime to = std::max(facts.from, facts.to);
  const WallTime horizon_at = horizon(facts);
  const WallTime until = std::clamp(horizon_at, from, to);
  facts.from = from - kCoverageMargin;
  // A gap was noted there, so the stream was being watched, whatever the settings say today.
  for (const Gap& gap : facts.gaps) facts.configured = std::min(facts.configured, gap.begin);
  const auto there = facts.footage;
  const auto purged = without_gaps(std::move(facts.purged), facts.gaps);
  for (const Purged& part : purged) facts.footage.push_back({part.begin, part.end});
  Coverage coverage = Builder(facts).build(std::clamp(horizon_at, facts.from, to + kCoverageMargin));
  coverage.until = until;
  coverage.footage = clipped_union(std::move(coverage.footage), from, until);
  coverage.gaps = clipped_disjoint(std::move(coverage.gaps), from, until);
  const bool reaches_now = until == horizon_at && until == facts.now;
  if (reaches_now && !coverage.gaps.empty() && coverage.gaps.back().end == until &&
      coverage.gaps.back().cause != GapCause::not_yet_configured) {
    coverage.gaps.back().end.reset();
  }
  tell_purged(coverage, there, purged);
  return coverage;
}

}  // namespace mj::index
