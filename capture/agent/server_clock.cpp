#include "capture/agent/server_clock.h"

#include <algorithm>

namespace mj::agent {

namespace {
constexpr std::size_t kSamples = 16;
/// What two honest clocks may drift apart (100 ppm) while 16 shots go by, generously.
constexpr Duration kDrift = std::chrono::milliseconds(50);
}  // namespace

bool ServerClock::measured(WallTime server, WallTime received, Duration round_trip) {
  const Sample sample{server - (received - round_trip / 2), round_trip / 2};
  const auto contradicts = [&](const Sample& old) {
    return std::chrono::abs(sample.offset - old.offset) > sample.error + old.error + kDrift;
  };
  if (std::ranges::any_of(samples_, contradicts)) samples_.clear();
  samples_.push_back(sample);
  if (samples_.size() > kSamples) samples_.pop_front();
  const Duration before = offset_;
  const auto best = std::ranges::min_element(samples_, {}, &Sample::error);
  offset_ = best->offset;
  error_ = best->error;
  return std::chrono::abs(offset_ - before) > kStep;
}

}  // namespace mj::agent
