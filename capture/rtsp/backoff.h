#pragma once

#include <algorithm>
#include <random>

#include "capture/rtsp/limits.h"
#include "config/config.h"

namespace mj::capture::rtsp {

/// How long to stay away from a camera: 1, 2, 4 … 30 s; after refused credentials 1, 2, 4 … 30 min, because
/// cameras lock accounts. Jitter takes up to a half off, so that a whole hall does not knock at once. Owner:
/// a source. Does not: wait.
class Backoff {
 public:
  Backoff(const Limits& limits, uint64_t seed) : limits_(limits), random_(seed) {}

  /// A session recorded for a while: the next failure is the first again.
  void reset() { failures_ = refusals_ = 0; }

  [[nodiscard]] Duration next(GapCause cause) {
    const bool auth = cause == GapCause::auth_failed;
    int& count = auth ? refusals_ : failures_;
    const Duration first = auth ? limits_.retry_auth_first : limits_.retry_first;
    const Duration longest = auth ? limits_.retry_auth_longest : limits_.retry_longest;
    const Duration full = std::min(first * (int64_t{1} << std::min(count, 20)), longest);
    ++count;
    // A ladder for locked accounts must not be shortened, only spread.
    std::uniform_real_distribution<double> part(auth ? 1.0 : 0.5, auth ? 1.1 : 1.0);
    return Duration{static_cast<int64_t>(static_cast<double>(full.count()) * part(random_))};
  }

 private:
  const Limits& limits_;
  std::mt19937_64 random_;
  int failures_ = 0;
  int refusals_ = 0;
};

}  // namespace mj::capture::rtsp
