#pragma once

#include <algorithm>

#include "config/config.h"

namespace mj::agent {

/// How long to leave a server alone that failed: 1, 2, 4 … 30 s, each shortened by up to a quarter so that a
/// hall's agents do not come back in step. Thread: one.
class Backoff {
 public:
  /// `random`: evenly in [0, 1).
  [[nodiscard]] Duration next(double random) {
    const Duration full = step_;
    step_ = std::min(step_ * 2, kLongest);
    return full - std::chrono::duration_cast<Duration>(full * (random / 4));
  }
  void reset() { step_ = kShortest; }

 private:
  static constexpr Duration kShortest = std::chrono::seconds(1);
  static constexpr Duration kLongest = std::chrono::seconds(30);
  Duration step_ = kShortest;
};

}  // namespace mj::agent
