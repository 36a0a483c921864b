#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/base/result.h"

namespace mj {

using Duration = std::chrono::microseconds;

/// A moment of the world: microseconds of UTC since 1970. The only time that is stored, sent or shown.
using WallTime = std::chrono::sys_time<std::chrono::microseconds>;

/// A moment of this machine's monotonic clock: for deadlines and intervals, never stored.
using SteadyTime = std::chrono::steady_clock::time_point;

/// A point on a stream's own time line, in ticks of its timescale (units per second, ISO/IEC 14496-12
/// §8.4.2).
struct MediaTime {
  int64_t ticks = 0;
  friend auto operator<=>(const MediaTime&, const MediaTime&) = default;
};

/// At the borders (C, SQL, JSON) a WallTime is a plain number with the suffix `_us`.
[[nodiscard]] constexpr int64_t to_us(WallTime t) {
  return t.time_since_epoch().count();
}
[[nodiscard]] constexpr WallTime from_us(int64_t us) {
  return WallTime{Duration{us}};
}

/// A duration in ticks of `timescale`, rounded to nearest, and back. No overflow below 10 years at 90 kHz.
[[nodiscard]] int64_t to_ticks(Duration duration, uint32_t timescale);
[[nodiscard]] Duration from_ticks(int64_t ticks, uint32_t timescale);

/// RFC 3339 with any offset and up to 9 fractional digits → UTC. Errors: invalid.
[[nodiscard]] Result<WallTime> parse_rfc3339(std::string_view text);

/// "2026-11-21T01:45:12.000000Z".
[[nodiscard]] std::string format_rfc3339(WallTime t);

/// The clocks, injected so that tests own them. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual WallTime now() const = 0;
  [[nodiscard]] virtual SteadyTime steady_now() const = 0;
};

/// CLOCK_REALTIME and CLOCK_MONOTONIC.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override;
  [[nodiscard]] SteadyTime steady_now() const override;
};

}  // namespace mj
