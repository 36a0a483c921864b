#pragma once

#include <algorithm>

#include "config/config.h"

namespace mj::capture {

/// How long to wait before the next attempt. Two ladders: 1 s doubling to 30 s for a camera that is away; 60
/// s doubling to 5 min for one that refuses the credentials, because some cameras lock the account after a
/// few wrong passwords. Owner: a source. Thread: its own. Does not: sleep, or draw random numbers itself.
class RetryLadder {
 public:
  /// `random` in [0, 1) spreads the attempts of many cameras over ±25 %, so that a switch's reboot is not a
  /// stampede.
  [[nodiscard]] Duration next(bool auth_failed, double random) {
    const Duration first = auth_failed ? std::chrono::seconds(60) : std::chrono::seconds(1);
    const Duration last = auth_failed ? std::chrono::minutes(5) : Duration(std::chrono::seconds(30));
    if (auth_failed != on_auth_ladder_) step_ = Duration{0};
    on_auth_ladder_ = auth_failed;
    step_ = step_ == Duration{0} ? first : std::min(2 * step_, last);
    const auto spread = static_cast<int64_t>(static_cast<double>(step_.count()) * (random - 0.5) * 0.5);
    return step_ + Duration{spread};
  }
  /// The camera delivered: begin at the bottom next time.
  void reset() { step_ = Duration{0}; }

 private:
  Duration step_{0};
  bool on_auth_ladder_ = false;
};

}  // namespace mj::capture
