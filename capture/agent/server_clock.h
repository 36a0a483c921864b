#pragma once

#include <deque>

#include "config/config.h"

namespace mj::agent {

/// How far the server's clock is ahead of a clock of ours, measured from its answers.
///
/// Owner: Timekeeper. Thread: one. Each answer gives one estimate with an error of at most half its round
/// trip; of the last 16 the one with the shortest round trip counts. An estimate that contradicts it means
/// that a clock was set, or ran differently for long: then everything older is forgotten.
class ServerClock {
 public:
  /// `server` was the server's clock at some instant within the `round_trip` that ended at `received` of our
  /// clock. True when the offset in use changed by more than kStep.
  bool measured(WallTime server, WallTime received, Duration round_trip);

  /// Server − ours; zero before the first answer.
  [[nodiscard]] Duration offset() const { return offset_; }

  /// Half the round trip that offset() was measured with.
  [[nodiscard]] Duration error() const { return error_; }

  static constexpr Duration kStep = std::chrono::milliseconds(500);

 private:
  struct Sample {
    Duration offset;
    Duration error;
  };
  std::deque<Sample> samples_;
  Duration offset_{0}, error_{0};
};

}  // namespace mj::agent
