#pragma once

#include <mutex>

#include "config/config.h"

namespace mj::test {

/// Clocks that stand still until told otherwise. Thread-safe.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(WallTime now = from_us(1'795'000'000'000'000)) : wall_(now) {}

  [[nodiscard]] WallTime now() const override {
    std::lock_guard lock(mutex_);
    return wall_;
  }
  [[nodiscard]] SteadyTime steady_now() const override {
    std::lock_guard lock(mutex_);
    return steady_;
  }
  void advance(Duration duration) {
    std::lock_guard lock(mutex_);
    wall_ += duration;
    steady_ += duration;
  }
  /// As an administrator does.
  void step_wall(Duration duration) {
    std::lock_guard lock(mutex_);
    wall_ += duration;
  }

 private:
  mutable std::mutex mutex_;
  WallTime wall_;
  SteadyTime steady_{std::chrono::hours(100)};
};

}  // namespace mj::test
