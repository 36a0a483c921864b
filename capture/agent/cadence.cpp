#include "capture/agent/cadence.h"

#include <algorithm>

namespace mj::agent {

bool Cadence::due(SteadyTime now, const Foreground& foreground) const {
  if (!last_ || now - *last_ >= interval_) return true;
  return (hurry_ || foreground != foreground_) && now - *last_ >= kMinSpacing * (interval_ / configured_);
}

Duration Cadence::until_due(SteadyTime now) const {
  if (!last_) return Duration::zero();
  const auto left = std::chrono::duration_cast<Duration>(*last_ + interval_ - now);
  return std::max(left, Duration::zero());
}

bool Cadence::key_needed(SteadyTime now) const {
  return broken_ || !last_ || now - key_ > std::max(kKeyEvery, 10 * interval_) - interval_ ||
         now - *last_ > 2 * interval_;
}

bool Cadence::picture_needed(SteadyTime now) const {
  return now - picture_ >= std::max(forced_, 4 * interval_) || key_needed(now);
}

void Cadence::unchanged(SteadyTime now, Foreground foreground) {
  last_ = now;
  foreground_ = std::move(foreground);
}

void Cadence::taken(SteadyTime now, Foreground foreground, bool key) {
  unchanged(now, std::move(foreground));
  picture_ = now;
  if (!key) return;
  key_ = now;
  broken_ = hurry_ = false;
}

}  // namespace mj::agent
