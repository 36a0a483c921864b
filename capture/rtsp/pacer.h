#pragma once

#include <atomic>

#include "config/config.h"

namespace mj::capture::rtsp {

/// Spreads the connection attempts of all cameras: one per `spacing`, whatever thread asks.
/// Owner: the engine. Threads: any. Does not: wait; turn() says until when the caller has to.
class Pacer {
 public:
  explicit Pacer(Duration spacing)
      : spacing_(std::chrono::duration_cast<SteadyTime::duration>(spacing).count()) {}

  [[nodiscard]] SteadyTime turn(SteadyTime now) {
    const int64_t at = now.time_since_epoch().count();
    int64_t next = next_.load();
    while (true) {
      const int64_t mine = std::max(at, next);
      if (next_.compare_exchange_weak(next, mine + spacing_)) return SteadyTime{SteadyTime::duration{mine}};
    }
  }

 private:
  const int64_t spacing_;
  std::atomic<int64_t> next_{0};
};

}  // namespace mj::capture::rtsp
