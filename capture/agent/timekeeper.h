#pragma once

#include <mutex>
#include <optional>

#include "capture/agent/server_clock.h"

namespace mj::agent {

/// When something happened, by the server's clock and by ours.
struct Stamp {
  WallTime at;          ///< server time
  Duration error;       ///< `at` is wrong by at most this
  WallTime agent_time;  ///< this machine's wall clock
  Duration offset;      ///< at − agent_time
};

/// Tells the server's time without asking it: measured against the clock of this machine that nobody can set
/// and that goes on while it sleeps (CLOCK_BOOTTIME), so that steps of the wall clock do not matter. Only
/// until the first answer of a server is it guessed: the wall clock plus the offset that was known last, and
/// never before what was recorded last.
///
/// Owner: main(), or a test; `clock` must outlive it. Threads: any. Does not fail.
class Timekeeper {
 public:
  struct Known {
    std::optional<Duration> offset;  ///< server − wall clock, when it was measured last
    WallTime not_before{};           ///< server time of the last entry
  };
  Timekeeper(const Clock& clock, const Known& known);
  virtual ~Timekeeper() = default;

  /// `server` was the server's clock at some instant within the `round_trip` that has just ended.
  void measured(WallTime server, Duration round_trip);
  /// Of a moment of the steady clock, at or before now.
  [[nodiscard]] Stamp stamp(SteadyTime when) const;
  [[nodiscard]] Stamp now() const { return stamp(clock_.steady_now()); }
  [[nodiscard]] bool measured() const;

 protected:
  /// Time this machine has been asleep since it was started: what the steady clock does not count.
  [[nodiscard]] virtual Duration slept() const;

 private:
  /// The steady clock and the sleep, as a WallTime of no particular era.
  [[nodiscard]] WallTime running(SteadyTime when) const;

  const Clock& clock_;
  const Known known_;
  mutable std::mutex mutex_;  // of all below
  ServerClock server_;
  std::optional<WallTime> measured_at_;      ///< running(); nothing: never
  mutable std::optional<Duration> guessed_;  ///< server − running, before the first answer
};

}  // namespace mj::agent
