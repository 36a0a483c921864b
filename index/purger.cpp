#include "index/purger.h"

#include <algorithm>

#include "index/impl.h"
#include "index/rebuild.h"

namespace mj::index {

namespace {

constexpr std::size_t kChunk = 32;  // files between two looks at the clock
constexpr int kFailingStore = 64;   // that many files it will not delete: nothing more is taken from it
constexpr Duration kFirstWait = std::chrono::seconds(10);
constexpr Duration kLongestWait = std::chrono::minutes(10);
constexpr Duration kLookAgain = std::chrono::hours(1);  // at what was skipped
constexpr Duration kMeasureEach = std::chrono::minutes(1);
constexpr Duration kSlackTold = std::chrono::hours(1);
constexpr Duration kKeepClockEach = std::chrono::minutes(1);
/// Made by `mingjing believe-clock`.
constexpr const char* kClockIsRight = "clock-is-right";

constexpr const char* kNewestFootage =
    "SELECT max((SELECT start_us + duration_us FROM segments WHERE stream = streams.id"
    " ORDER BY start_us DESC LIMIT 1)) FROM streams";

bool same_store(const Garbage& a, const Garbage& b) {
  return a.segment.store == b.segment.store;
}

}  // namespace

Result<PurgeStatus> Purger::turn(const Parts& parts, const storage::Remover& remover, int days,
                                 const PurgeLimits& limits) {
  const SteadyTime deadline = parts.clock.steady_now() + limits.time;
  const auto names = remover.present();
  present_ = {names.begin(), names.end()};
  MJ_CHECK(tick(parts));
  now_.trouble.clear();
  MJ_TRY(uint64_t left, work_off(parts, remover, deadline));
  uint64_t taken = 0;
  if (left == 0) {
    MJ_TRY(taken, condemn_due(parts, days, limits.segments));
    if (taken > 0) {
      MJ_TRY(left, work_off(parts, remover, deadline));
    }
  }
  now_.more = left > 0 || taken == limits.segments;
  MJ_CHECK(measure(parts, days));
  const MutexLock lock(mutex_);
  return published_ = now_;
}

PurgeStatus Purger::status() const {
  const MutexLock lock(mutex_);
  return published_;
}

Result<void> Purger::tick(const Parts& parts) {
  if (!resumed_) {
    MJ_TRY(const auto lease, parts.readers.lease());
    MJ_TRY(kept_, kept_purge_clock(*lease));
    MJ_TRY(const auto newest,
           (*lease).first(kNewestFootage, [](const Statement& row) { return row.maybe_time(0); }));
    purge_clock_.resume(kept_, newest.value_or(std::nullopt));
    resumed_ = true;
  }
  purge_clock_.tick(parts.clock.now(), parts.clock.steady_now());
  std::error_code ignored;
  if (std::filesystem::remove(parts.directory / kClockIsRight, ignored)) {
    spdlog::warn("purge: a person says that the clock is right: {}", format_rfc3339(parts.clock.now()));
    purge_clock_.believe_host();
  }
  const Duration behind = purge_clock_.behind();
  if (behind > kSlackTold && now_.clock_behind <= kSlackTold) {
    spdlog::error(
        "purge: the clock is {} h ahead of the time that passed; deletion waits until that has passed too. "
        "If "
        "the clock is right (the machine was off), run `mingjing believe-clock`",
        std::chrono::duration_cast<std::chrono::hours>(behind).count());
  }
  now_.clock_behind = behind;
  return keep_clock(parts);
}

Result<void> Purger::keep_clock(const Parts& parts) {
  const auto believed = purge_clock_.believed();
  if (!believed) return {};
  const bool fell_back = purge_clock_.host_fell_back();
  if (!fell_back && kept_ && std::chrono::abs(*believed - *kept_) < kKeepClockEach) return {};
  const WallTime host = parts.clock.now();
  MJ_CHECK(parts.writer.call([&](Database& database) -> Result<void> {
    if (fell_back) MJ_CHECK(note_misdated(database, host, *believed));
    return keep_purge_clock(database, *believed);
  }));
  kept_ = believed;
  return {};
}

std::set<std::string> Purger::willing_stores() const {
  std::set<std::string> willing = present_;
  for (const auto& [store, count] : failing_) {
    if (count >= kFailingStore) willing.erase(store);
  }
  return willing;
}

Result<uint64_t> Purger::condemn_due(const Parts& parts, int days, uint64_t limit) {
  const auto now = purge_clock_.now();
  if (days <= 0 || !now) return 0;
  const PurgeOrder order{fmt::format("retention.days = {}", days), *now - std::chrono::days(days),
                         willing_stores()};
  const SteadyTime steady = parts.clock.steady_now();
  if (order.stores != looked_in_ || steady - cursors_since_ >= kLookAgain) {
    cursors_.clear();
    cursors_since_ = steady;
    looked_in_ = order.stores;
  }
  uint64_t taken = 0;
  PurgeCursors cursors;
  MJ_CHECK(parts.writer.call([&](Database& database) -> Result<void> {
    if (parts.holds != nullptr) MJ_CHECK(parts.holds->expect_readable());
    cursors = cursors_;  // the command may run twice
    MJ_TRY(taken, condemn(database, order, cursors, limit, parts.clock.now()));
    return {};
  }));
  cursors_ = std::move(cursors);
  return taken;
}

bool Purger::may_try(const Parts& parts, const Garbage& garbage) const {
  if (!present_.contains(garbage.segment.store)) return false;
  // A new segment of the very same instant, which only a clock that was set back can bring.
  if (parts.tail.segment(garbage.segment.stream, garbage.segment.start)) return false;
  const auto failure = failures_.find({garbage.stream, garbage.segment.start});
  return failure == failures_.end() || failure->second.next <= parts.clock.steady_now();
}

Result<uint64_t> Purger::work_off(const Parts& parts, const storage::Remover& remover, SteadyTime deadline) {
  std::vector<Garbage> all;
  {
    MJ_TRY(const auto lease, parts.readers.lease());
    MJ_TRY(all, all_garbage(*lease));
  }
  now_.garbage = all.size();
  std::erase_if(all, [&](const Garbage& one) { return !may_try(parts, one); });
  std::ranges::stable_sort(all, {}, [](const Garbage& one) { return one.segment.store; });
  std::vector<Garbage> gone;
  auto next = all.begin();
  while (next != all.end() && (next == all.begin() || parts.clock.steady_now() < deadline)) {
    std::vector<storage::SegmentRef> chunk;
    const auto begin = next;
    for (; next != all.end() && same_store(*begin, *next) && chunk.size() < kChunk; ++next)
      chunk.push_back(next->segment);
    const auto results = remover.remove(begin->segment.store, chunk);
    for (std::size_t i = 0; i < results.size(); ++i) {
      const Garbage& one = *(begin + static_cast<std::ptrdiff_t>(i));
      if (results[i]) {
        gone.push_back(one);
      } else {
        note_failure(one, results[i].error(), parts.clock.steady_now());
      }
    }
  }
  if (gone.empty()) return static_cast<uint64_t>(all.end() - next);
  MJ_CHECK(parts.writer.call([&](Database& database) -> Result<void> {
    for (const Garbage& one : gone) MJ_CHECK(put_purged(database, one, parts.clock.now()));
    return {};
  }));
  for (const Garbage& one : gone) {
    if (failures_.erase({one.stream, one.segment.start}) > 0) --failing_[one.segment.store];
    now_.bytes += one.bytes;
  }
  now_.segments += gone.size();
  now_.garbage -= gone.size();
  return static_cast<uint64_t>(all.end() - next);
}

void Purger::note_failure(const Garbage& garbage, const Error& error, SteadyTime now) {
  ++now_.errors;
  Failure& failure = failures_[{garbage.stream, garbage.segment.start}];
  if (failure.tries++ == 0) ++failing_[garbage.segment.store];
  Duration wait = kFirstWait;
  for (int i = 1; i < failure.tries && wait < kLongestWait; ++i) wait *= 2;
  failure.next = now + std::min(wait, kLongestWait);
  if (!now_.trouble.empty()) return;
  now_.trouble = fmt::format("store {}: {}", garbage.segment.store, error.message);
  spdlog::error("purge: cannot delete, tried again later: {}", now_.trouble);
}

Result<void> Purger::measure(const Parts& parts, int days) {
  const SteadyTime steady = parts.clock.steady_now();
  if (measured_ && steady - *measured_ < kMeasureEach) return {};
  measured_ = steady;
  now_.due = 0;
  now_.overdue = Duration(0);
  if (days <= 0) return {};
  const WallTime before = parts.clock.now() - std::chrono::days(days);
  MJ_TRY(const auto lease, parts.readers.lease());
  MJ_TRY(DueCount due, count_due(*lease, before));
  MJ_TRY(const auto garbage, all_garbage(*lease));
  for (const Garbage& one : garbage) due.oldest = std::min(due.oldest.value_or(one.end), one.end);
  now_.due = due.segments;
  if (due.oldest) now_.overdue = std::max(Duration(0), before - *due.oldest);
  return {};
}

Result<PurgeStatus> Index::purge(const storage::Remover& remover, int days, const PurgeLimits& limits) {
  return impl_->purger.turn(
      {impl_->clock, *impl_->readers, *impl_->writer, impl_->tail, impl_->directory, impl_->hold_log.get()},
      remover, days, limits);
}

PurgeStatus Index::purge_status() const {
  return impl_->purger.status();
}

Result<void> Index::believe_clock(const std::filesystem::path& directory) {
  return raise_flag(directory / kClockIsRight);
}

}  // namespace mj::index
