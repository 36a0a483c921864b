#pragma once

#include <optional>

#include "capture/agent/desktop.h"

namespace mj::agent {

/// Decides when a shot is due and which shots must be key frames. Knows no clock, no screen and no network.
///
/// Owner: the agent. Thread: one. A shot is due every `interval` and, at least a second apart, whenever the
/// foreground window or its title changed. A shot is a key frame when it is the first, when 60 shots passed
/// since the last one, when the spacing exceeded twice the interval (the receiver accounts a gap and begins
/// anew), and after broken().
class Cadence {
 public:
  static constexpr Duration kMinSpacing = std::chrono::seconds(1);
  static constexpr int kShotsPerKey = 60;

  explicit Cadence(Duration interval) : interval_(interval) {}

  [[nodiscard]] bool due(SteadyTime now, const Foreground& foreground) const;
  /// How long until due() for certain, if nothing changes in the foreground. Never negative.
  [[nodiscard]] Duration until_due(SteadyTime now) const;
  [[nodiscard]] bool key_needed(SteadyTime now) const;

  void taken(SteadyTime now, Foreground foreground, bool key);
  /// The chain of shots has a hole: what follows cannot be decoded before the next key frame.
  void broken() { broken_ = true; }
  /// The same, and the hole grows until the next shot: it is due as soon as shots may follow each other.
  void lost() { broken_ = hurry_ = true; }

 private:
  const Duration interval_;
  std::optional<SteadyTime> last_;
  Foreground foreground_;  ///< at the last shot
  int since_key_ = 0;      ///< shots since the last key frame, itself included
  bool broken_ = true;
  bool hurry_ = false;
};

}  // namespace mj::agent
