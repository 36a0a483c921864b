#pragma once

#include <optional>

#include "capture/agent/desktop.h"

namespace mj::agent {

/// Decides when to look at the screen, when a look must give a picture even though nothing changed, and which
/// pictures must be key frames. Knows no clock, no screen and no network.
///
/// Owner: Screen. Thread: one. A look is due every `interval` and, at least a second apart, whenever the
/// foreground window or its title changed. A picture is due
/// `forced` after the last one, changed or not. A picture is a key
/// frame when it is the first, when the next look would come more than 5 minutes after the last key, when
/// the spacing of looks exceeded twice the interval (the receiver accounts a gap and begins anew), and after
/// broken(). Stretched, all spacings between looks are so many times longer; pictures and keys become rarer
/// where otherwise every fourth look would be forced to be a picture and every tenth to be a key.
class Cadence {
 public:
  static constexpr Duration kMinSpacing = std::chrono::seconds(1);
  static constexpr Duration kKeyEvery = std::chrono::minutes(5);

  Cadence(Duration interval, Duration forced) : configured_(interval), forced_(forced), interval_(interval) {}

  [[nodiscard]] Duration interval() const { return interval_; }
  void stretch(int64_t times) { interval_ = configured_ * times; }

  [[nodiscard]] bool due(SteadyTime now, const Foreground& foreground) const;
  /// How long until due() for certain, if nothing changes in the foreground. Never negative.
  [[nodiscard]] Duration until_due(SteadyTime now) const;
  [[nodiscard]] bool key_needed(SteadyTime now) const;
  /// A look that finds nothing changed must give a picture nevertheless.
  [[nodiscard]] bool picture_needed(SteadyTime now) const;

  /// A look found every pixel as it was.
  void unchanged(SteadyTime now, Foreground foreground);
  void taken(SteadyTime now, Foreground foreground, bool key);
  /// The chain of pictures has a hole: what follows cannot be decoded before the next key frame.
  void broken() { broken_ = true; }
  /// The same, and the hole grows until the next picture: it is due as soon as looks may follow each other.
  void lost() { broken_ = hurry_ = true; }

 private:
  const Duration configured_, forced_;
  Duration interval_;
  std::optional<SteadyTime> last_;  ///< look
  Foreground foreground_;           ///< at the last look
  SteadyTime picture_{}, key_{};    ///< the last ones; of no account before the first
  bool broken_ = true;
  bool hurry_ = false;
};

}  // namespace mj::agent
