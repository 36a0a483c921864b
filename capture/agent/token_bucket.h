#pragma once

#include <algorithm>

#include "config/config.h"

namespace mj::agent {

/// Keeps an average rate. What there is to send is sent at once while nothing is owed, and its size is owed
/// afterwards: a live shot never waits for its own size, only for what a backlog used before it. Thread: one.
class TokenBucket {
 public:
  /// `bytes_per_second`: 0 means no bound.
  explicit TokenBucket(int64_t bytes_per_second) : rate_(bytes_per_second) {}

  /// How long until something may be sent.
  [[nodiscard]] Duration wait(SteadyTime now) const {
    const auto left = std::chrono::duration_cast<Duration>(free_at_ - now);
    return std::max(left, Duration::zero());
  }
  void sent(std::size_t bytes, SteadyTime now) {
    if (rate_ <= 0) return;
    const auto owed = std::chrono::microseconds(static_cast<int64_t>(bytes) * 1'000'000 / rate_);
    free_at_ = std::max(free_at_, now) + owed;
  }

 private:
  const int64_t rate_;
  SteadyTime free_at_{};
};

}  // namespace mj::agent
