#pragma once

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>

#include "index/index.h"
#include "tests/support/temporary_directory.h"

/// What the index's tests share: a clock of their own, a folder that goes away, a hall and its footage.
namespace mj::index::test {

/// 2026-11-21T00:00:00Z, a Saturday before opening time.
inline constexpr WallTime kMidnight = from_us(1'795'219'200'000'000);

constexpr WallTime at(double seconds) {
  return kMidnight + Duration(static_cast<int64_t>(seconds * 1'000'000));
}
constexpr Duration seconds(double value) {
  return Duration(static_cast<int64_t>(value * 1'000'000));
}

class FakeClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return from_us(now_us_); }
  [[nodiscard]] SteadyTime steady_now() const override {
    return SteadyTime{} + std::chrono::microseconds(steady_us_);
  }
  void set(WallTime time) { now_us_ = to_us(time); }
  void advance(Duration by) {
    now_us_ += by.count();
    steady_us_ += by.count();
  }

 private:
  std::atomic<int64_t> now_us_ = to_us(kMidnight);
  std::atomic<int64_t> steady_us_ = 1'000'000;
};

/// Two windows in one area, one with camera and workstation, and a hall camera; window w3 has nothing.
[[nodiscard]] config::Settings small_hall();

/// Plays storage's part towards an index: opens a run's segments, lays fragments into them, closes them.
class FakeRecorder {
 public:
  FakeRecorder(Index& index, StreamKey stream) : index_(index), stream_(std::move(stream)) {}

  /// A new run and segment from `start` on.
  void open(WallTime start);
  /// One durable fragment; opens a segment when there is none.
  void fragment(WallTime start, WallTime end, std::optional<capture::ShotFacts> shot = std::nullopt);
  /// Closes what is open, if anything.
  void close(bool suspect = false);
  /// `count` fragments of one second from `start` on, then close.
  void footage(WallTime start, int count);
  void outage(WallTime begin, GapCause cause, std::string detail = "told by the test");

  [[nodiscard]] const Digest& last_digest() const { return digest_; }

 private:
  Index& index_;
  StreamKey stream_;
  std::shared_ptr<const capture::Run> run_;
  storage::SegmentRef segment_;
  std::vector<storage::FragmentPlace> places_;
  Digest digest_{};
  bool open_ = false;
};

/// An index in a folder of its own with the small hall applied.
class Hall {
 public:
  Hall() : index_(open()) { apply(small_hall()); }

  [[nodiscard]] Index& index() { return *index_; }
  [[nodiscard]] FakeClock& clock() { return clock_; }
  [[nodiscard]] std::filesystem::path directory() const { return folder_.path() / "index"; }
  void apply(const config::Settings& settings);
  /// Ends this index and opens it again, as a restart does.
  void reopen();
  void close() { index_.reset(); }
  /// Everything that was posted before is committed when this returns.
  void settle();

 private:
  [[nodiscard]] std::unique_ptr<Index> open();

  mj::test::TemporaryDirectory folder_;
  FakeClock clock_;
  std::unique_ptr<Index> index_;
};

/// Text of the shape "footage 0-10, gap 10-12 stalled, ..." in seconds after kMidnight, in time order.
[[nodiscard]] std::string told(const Coverage& coverage);

/// The part of a coverage that is neither footage nor gap, or both; zero for a ledger that sums to 100 %.
[[nodiscard]] Duration unaccounted(const Coverage& coverage, WallTime from);

}  // namespace mj::index::test
