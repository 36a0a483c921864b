#pragma once

#include <atomic>
#include <vector>

#include "index/index.h"

/// The hall that the index is measured with: what it is made of and how its footage looks. Deterministic.
namespace mj::bench {

inline constexpr int kCameras = 177;  // each with a main and a sub stream
inline constexpr int kWindows = 120;  // each with a camera, a workstation and a clerk
inline constexpr int kAreas = 20;
inline constexpr Duration kMinute = std::chrono::minutes(1);
inline constexpr Duration kDay = std::chrono::hours(24);
/// 2026-11-21T16:00:00Z, midnight in the hall: where all footage of the hall ends.
inline constexpr WallTime kEnd = from_us(1'795'276'800'000'000);

/// How much of the hall: footage and cases of so many days before kEnd.
struct Scale {
  int footage_days = 30;
  int case_days = 365;
  int visits = 2'000'000;
  int cameras = kCameras;
  int screens = kWindows;
  /// A part of the hall of the issue, which has 20 million segments, a million cases, 60 million shots.
  [[nodiscard]] static Scale of(double factor);
};

[[nodiscard]] config::Settings big_hall(const Scale& scale);

/// A clock that stands where it was set.
class StandingClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return from_us(now_us_); }
  [[nodiscard]] SteadyTime steady_now() const override { return std::chrono::steady_clock::now(); }
  void set(WallTime now) { now_us_ = to_us(now); }

 private:
  std::atomic<int64_t> now_us_ = to_us(kEnd);
};

/// splitmix64: fast, and the same everywhere, which the standard's distributions are not.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next();
  /// Uniform in [low, high].
  int64_t between(int64_t low, int64_t high);
  bool chance(double probability);
  /// About normal, never further than three times `spread` from `middle`.
  int64_t around(int64_t middle, int64_t spread);
  [[nodiscard]] Digest digest();

 private:
  uint64_t state_;
};

/// One stream of the hall and how its footage comes.
struct FilledStream {
  StreamKey key;
  StreamKind kind = StreamKind::main;
  bool sound = false;     ///< G.711 beside the picture
  bool unsteady = false;  ///< the camera's ticks wobble by a millisecond
  WallTime next;          ///< where its footage goes on
  WallTime run_start;
};
[[nodiscard]] std::vector<FilledStream> streams_of(const Scale& scale);

inline constexpr uint32_t kHeaderBytes = 1'742;  // ftyp, moov and uuid of a camera's file

/// The fragments of a minute from `stream.next` on, as capture cuts them: at each key frame (every 2 s) and
/// at half a second; a screen's every 5 s, one a shot. Moves `next` on.
[[nodiscard]] std::vector<storage::FragmentPlace> minute_of(FilledStream& stream, Random& random);

}  // namespace mj::bench
