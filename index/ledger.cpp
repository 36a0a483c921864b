#include "index/ledger.h"

#include <algorithm>
#include <utility>

namespace mj::index {

namespace {

constexpr Duration kDefaultScreenSpacing = std::chrono::seconds(5);
constexpr Duration kLongestScreenSpacing = std::chrono::seconds(60);
// Design promise 1: when durable bytes stop, that is known within ten seconds.
constexpr Duration kPatience = std::chrono::seconds(10);

}  // namespace

GapCause unexplained_cause(StreamKind kind) {
  return kind == StreamKind::screen ? GapCause::agent_away : GapCause::overload;
}

void StreamLedger::resume(std::optional<WallTime> footage_end, std::optional<WallTime> accounted,
                          std::optional<Gap> open_gap) {
  footage_end_ = footage_end;
  accounted_ = accounted;
  last_start_.reset();
  open_ = std::move(open_gap);
  overtaken_ = false;
  first_.reset();
}

std::vector<GapChange> StreamLedger::on_footage(WallTime start, WallTime end) {
  if (open_ && start < open_->begin) return late_footage(start, end);
  std::vector<GapChange> changes;
  if (open_) {
    changes = close_gap(start);
  } else if (is_hole(start)) {
    changes.push_back(
        {.remove = {}, .put = Gap{*accounted_, start, unexplained_cause(kind_), kUnexplained}, .carve = {}});
  }
  remember(start, end);
  return changes;
}

std::vector<GapChange> StreamLedger::on_outage(WallTime begin, GapCause cause, std::string detail) {
  if (accounted_) begin = std::max(begin, *accounted_);
  if (!open_) {
    open_ = Gap{begin, std::nullopt, cause, std::move(detail)};
    return {{.remove = {}, .put = open_, .carve = {}}};
  }
  if (open_->cause == cause) return {};
  overtaken_ = false;
  if (begin <= open_->begin) {  // told twice about the same moment: the later word counts
    open_->cause = cause;
    open_->detail = std::move(detail);
    return {{.remove = {}, .put = open_, .carve = {}}};
  }
  Gap closed = *open_;
  closed.end = begin;
  if (!first_) first_ = closed;
  open_ = Gap{begin, std::nullopt, cause, std::move(detail)};
  return {{.remove = {}, .put = closed, .carve = {}}, {.remove = {}, .put = open_, .carve = {}}};
}

std::vector<GapChange> StreamLedger::on_attested(WallTime begin, GapCause cause, std::string detail) {
  if (footage_end_) begin = std::max(begin, *footage_end_);
  if (open_ && open_->begin == begin && open_->cause == cause && open_->detail == detail) return {};
  // What was noted before `begin` stays, up to there.
  if (!first_) first_ = open_;
  if (first_ && first_->begin >= begin) first_.reset();
  if (first_ && first_->end.value_or(begin) >= begin) first_->end = begin;
  accounted_ = accounted_ ? std::min(*accounted_, begin) : begin;
  overtaken_ = false;
  open_ = Gap{begin, std::nullopt, cause, std::move(detail)};
  return {{.remove = {}, .put = open_, .carve = {}, .clear_from = begin}};
}

std::vector<GapChange> StreamLedger::late_footage(WallTime start, WallTime end) {
  std::vector<GapChange> changes;
  if (first_ || kind_ == StreamKind::screen) {
    // Between two shots that follow each other there is no gap either.
    const bool follows = footage_end_ && *footage_end_ < start && !is_far(start, *footage_end_);
    changes.push_back({.remove = {}, .put = {}, .carve = Span{follows ? *footage_end_ : start, end}});
  }
  if (end > open_->begin) {
    const WallTime before = open_->begin;
    open_->begin = end;
    overtaken_ = true;
    changes.push_back({.remove = before, .put = open_, .carve = {}});
  }
  remember(start, end);
  return changes;
}

std::vector<GapChange> StreamLedger::close_gap(WallTime at) {
  std::vector<GapChange> changes;
  // Between the last footage and the first outage's begin nothing came either: the same cause explains it.
  Gap& earliest = first_ ? *first_ : *open_;
  const WallTime row = earliest.begin;
  if (accounted_ && *accounted_ < row) {
    changes.push_back({.remove = row, .put = {}, .carve = {}});
    earliest.begin = *accounted_;
    if (first_) changes.push_back({.remove = {}, .put = first_, .carve = {}});
  }
  open_->end = at;
  const bool none = std::exchange(overtaken_, false) && !is_far(at, open_->begin);
  if (open_->begin < at && !none) {
    changes.push_back({.remove = {}, .put = open_, .carve = {}});
  } else {
    changes.push_back({.remove = open_->begin, .put = {}, .carve = {}});
  }
  open_.reset();
  first_.reset();
  return changes;
}

bool StreamLedger::is_hole(WallTime start) const {
  return accounted_ && start > *accounted_ && is_far(start, *accounted_);
}

/// From footage that ended at `end`, or from a gap that did.
bool StreamLedger::is_far(WallTime start, WallTime end) const {
  if (kind_ != StreamKind::screen) return start - end > kCameraTolerance;
  return (start - last_start_.value_or(end)) * 2 > usual_spacing() * 5;
}

Duration StreamLedger::usual_spacing() const {
  const Duration longest = *std::ranges::max_element(spacing_);
  return longest == Duration::zero() ? kDefaultScreenSpacing : longest;
}

Duration StreamLedger::patience() const {
  if (kind_ != StreamKind::screen) return kPatience;
  return std::max(kPatience, usual_spacing() * 5 / 2);
}

void StreamLedger::remember(WallTime start, WallTime end) {
  footage_end_ = footage_end_ ? std::max(*footage_end_, end) : end;
  accounted_ = accounted_ ? std::max(*accounted_, end) : end;
  last_start_ = start;
  spacing_[next_spacing_++ % spacing_.size()] = std::min(end - start, kLongestScreenSpacing);
}

}  // namespace mj::index
