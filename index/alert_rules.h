#pragma once

#include <vector>

#include "index/alerts.h"
#include "index/lanes.h"

/// The rules by which a visit is proposed to be looked at. Pure. All are in alert_rules.cpp. None says that
/// somebody did wrong: that is for a person to say.
namespace mj::index {

/// Served longer than this, one expects a case (电子监察): a visit that has none is marked.
inline constexpr Duration kLongWithoutCase = std::chrono::minutes(3);
/// A window's screen that nobody touched for so long while somebody was served is worth a look.
inline constexpr Duration kLongUntouched = std::chrono::minutes(10);

/// What a rule knows of a visit.
struct AlertFacts {
  bool from_queue = false;  ///< a queue system told of it
  WallTime called;
  std::optional<WallTime> finished;
  int64_t cases = 0;  ///< links that no person rejected
  std::optional<int64_t> rating;
  bool complained = false;        ///< a complaint is about it
  std::optional<Span> untouched;  ///< the longest time within it that its window's screen was idle or locked
};

struct Proposal {
  const char* rule = "";
  AlertLevel level = AlertLevel::blue;
  WallTime from;
  std::optional<WallTime> to;
};

/// At most one of each rule.
[[nodiscard]] std::vector<Proposal> proposals(const AlertFacts& facts);

/// Whether a visit is long enough to expect a case. Of one that goes on nobody knows.
[[nodiscard]] bool long_enough_for_case(WallTime called, const std::optional<WallTime>& finished);

/// The longest time without a touch in what a screen showed, by time; none when it showed none.
[[nodiscard]] std::optional<Span> longest_untouched(const std::vector<PresencePart>& screen);

}  // namespace mj::index
