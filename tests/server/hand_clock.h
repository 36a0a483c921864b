#pragma once

#include <atomic>

#include "config/config.h"

namespace mj::test {

/// A clock that stands still until a test moves it. Thread-safe.
class HandClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return from_us(1'795'225'200'000'000 + us_); }  // 2026-11-21
  [[nodiscard]] SteadyTime steady_now() const override {
    return SteadyTime(std::chrono::microseconds(1'000'000 + us_));
  }
  void advance(Duration step) { us_ += step.count(); }

 private:
  std::atomic<int64_t> us_{0};
};

}  // namespace mj::test
