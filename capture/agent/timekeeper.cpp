#include "capture/agent/timekeeper.h"

#include <ctime>

namespace mj::agent {

namespace {

constexpr Duration kUnmeasured = std::chrono::minutes(1);  ///< a machine that was off for a week, 100 ppm
constexpr Duration kUnknown = std::chrono::hours(24);
constexpr int64_t kDriftShare = 10'000;  ///< 100 ppm

Duration read_clock(clockid_t which) {
  timespec time{};
  ::clock_gettime(which, &time);
  return std::chrono::duration_cast<Duration>(std::chrono::seconds(time.tv_sec) +
                                              std::chrono::nanoseconds(time.tv_nsec));
}

}  // namespace

Timekeeper::Timekeeper(const Clock& clock, const Known& known) : clock_(clock), known_(known) {}

Duration Timekeeper::slept() const {
  return read_clock(CLOCK_BOOTTIME) - read_clock(CLOCK_MONOTONIC);
}

WallTime Timekeeper::running(SteadyTime when) const {
  return WallTime(std::chrono::duration_cast<Duration>(when.time_since_epoch()) + slept());
}

void Timekeeper::measured(WallTime server, Duration round_trip) {
  const WallTime received = running(clock_.steady_now());
  const std::lock_guard lock(mutex_);
  if (server_.measured(server, received, round_trip) && measured_at_)
    spdlog::info("the server's clock was set; now {}", format_rfc3339(server));
  measured_at_ = received;
}

bool Timekeeper::measured() const {
  const std::lock_guard lock(mutex_);
  return measured_at_.has_value();
}

Stamp Timekeeper::stamp(SteadyTime when) const {
  const WallTime at = running(when);
  const auto ago = std::chrono::duration_cast<Duration>(clock_.steady_now() - when);
  Stamp stamp{.at = {}, .error = {}, .agent_time = clock_.now() - ago, .offset = {}};
  const std::lock_guard lock(mutex_);
  if (measured_at_) {
    stamp.at = at + server_.offset();
    stamp.error = server_.error() + std::chrono::abs(at - *measured_at_) / kDriftShare;
  } else {
    if (!guessed_) {
      const WallTime guess = stamp.agent_time + known_.offset.value_or(Duration(0));
      guessed_ = std::max(guess, known_.not_before) - at;
    }
    stamp.at = at + *guessed_;
    const bool plausible = known_.offset && stamp.at > known_.not_before;
    stamp.error = plausible ? kUnmeasured : kUnknown;
  }
  stamp.offset = stamp.at - stamp.agent_time;
  return stamp;
}

}  // namespace mj::agent
