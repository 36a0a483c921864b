#pragma once

#include <cstdint>

namespace mj::agent {

/// How many times longer than configured the cadence must be when `free` of `budget` bytes are left.
///
/// The rule: 1 while half of the budget is free, 2 below a half, 4 below a quarter, 8 below an eighth, 16
/// below a sixteenth; in that last sixteenth it doubles again with every 512th of the budget that is used.
/// Each of the first steps lasts as long as the whole first half did. The last sixteenth holds 32 more
/// doublings: entries of at most a 48th of the budget fill it only when the last interval, at least 2^24
/// times the configured one, is over (at 5 s: 2.6 years; at one shot a second for changing windows: half a
/// year). So it never stops and never fills within the life of a workstation, and nothing old is ever
/// dropped. Pure.
[[nodiscard]] constexpr int64_t thinning(int64_t budget, int64_t free) {
  constexpr int kMostDoublings = 36;
  int doublings = 0;
  while (doublings < 4 && free < budget >> (doublings + 1)) ++doublings;
  if (doublings == 4) {
    const int64_t used = (budget >> 4) - (free > 0 ? free : 0);
    const int64_t step = budget >> 9;
    doublings += step > 0 ? static_cast<int>(used / step) : 32;
  }
  return int64_t{1} << (doublings < kMostDoublings ? doublings : kMostDoublings);
}

}  // namespace mj::agent
