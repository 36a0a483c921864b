#pragma once

#include <algorithm>
#include <mutex>

#include "config/config.h"

namespace mj::capture {

/// A bucket that fills at a steady rate and may be overdrawn by one withdrawal, so that even what is larger
/// than the bucket passes once. Thread: its owner's.
class Bucket {
 public:
  Bucket(double per_second, double most) : per_second_(per_second), most_(most), level_(most) {}

  /// How long until something may be taken; zero: now.
  [[nodiscard]] Duration wait(SteadyTime now) {
    fill(now);
    if (level_ > 0) return Duration(0);
    return std::chrono::ceil<Duration>(std::chrono::duration<double>((1 - level_) / per_second_));
  }
  void take(double amount, SteadyTime now) {
    fill(now);
    level_ -= amount;
  }

 private:
  void fill(SteadyTime now) {
    if (last_ && now > *last_) {
      level_ += per_second_ * std::chrono::duration<double>(now - *last_).count();
      level_ = std::min(level_, most_);
    }
    last_ = now;
  }

  const double per_second_, most_;
  double level_;
  std::optional<SteadyTime> last_;
};

/// The bytes one workstation may upload: an office day is 80 MB, a spool of five days 500 MB. Owner: its
/// Screen. Threads: any, without waiting.
class UploadQuota {
 public:
  /// Zero: the upload may come, and is charged.
  [[nodiscard]] Duration charge(uint64_t bytes, SteadyTime now) {
    const std::lock_guard lock(mutex_);
    const Duration wait = bytes_.wait(now);
    if (wait == Duration(0)) bytes_.take(static_cast<double>(bytes), now);
    return wait;
  }

 private:
  std::mutex mutex_;
  Bucket bytes_{256.0 * 1024, 8.0 * 1024 * 1024};
};

/// What all workstations together may hand on beyond a small share of each: when a hundred agents catch up at
/// once, or mean harm, the stores' queues must stay empty enough for cameras. Owner: ScreenIntake. Threads:
/// any, without waiting.
class CommonPool {
 public:
  /// Zero: taken. Else come again after this long.
  [[nodiscard]] Duration take(uint64_t bytes, SteadyTime now) {
    const std::lock_guard lock(mutex_);
    const Duration wait = std::max(entries_.wait(now), bytes_.wait(now));
    if (wait > Duration(0)) return wait;
    entries_.take(1, now);
    bytes_.take(static_cast<double>(bytes), now);
    return wait;
  }

 private:
  std::mutex mutex_;
  Bucket entries_{500, 2000};
  Bucket bytes_{16.0 * 1024 * 1024, 32.0 * 1024 * 1024};
};

}  // namespace mj::capture
