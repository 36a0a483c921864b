#include "capture/agent/cadence.h"

#include <algorithm>

namespace mj::agent {

bool Cadence::due(SteadyTime now, const Foreground& foreground) const {
  if (!last_ || now - *last_ >= interval_) return true;
  return (hurry_ || foreground != foreground_) && now - *last_ >= kMinSpacing;
}

Duration Cadence::until_due(SteadyTime now) const {
  if (!last_) return Duration::zero();
  const auto left = std::chrono::duration_cast<Duration>(*last_ + interval_ - now);
  return std::max(left, Duration::zero());
}

bool Cadence::key_needed(SteadyTime now) const {
  return broken_ || since_key_ >= kShotsPerKey || !last_ || now - *last_ > 2 * interval_;
}

void Cadence::taken(SteadyTime now, Foreground foreground, bool key) {
  last_ = now;
  foreground_ = std::move(foreground);
  since_key_ = key ? 1 : since_key_ + 1;
  if (key) broken_ = hurry_ = false;
}

}  // namespace mj::agent
