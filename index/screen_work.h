#pragma once

#include <vector>

#include "index/links.h"

/// What stood on a window's screen, put together to what the clerk worked on. Pure.
namespace mj::index {

/// Clocks of feeds are off by tens of seconds against ours, by which screens are dated.
inline constexpr Duration kClockError = std::chrono::seconds(45);

/// A case was on the screen from `from` to `to`, pages without its number in between.
struct ScreenWork {
  int64_t case_id = 0;
  WallTime from, to;
  bool with_step = false;                  ///< a step of it was put down meanwhile, by whatever account
  std::vector<std::string> accounts = {};  ///< those
  bool step_later = false;    ///< none was, but at another time: what was done here was written down then
  bool written_down = false;  ///< the step that came with it is that of other work: nobody need sit there
  bool desk_only = false;     ///< the step that came with it is one that is done without the applicant
  [[nodiscard]] Duration length() const { return to - from; }
};

/// By time.
[[nodiscard]] std::vector<ScreenWork> works_of(const WindowFacts& facts);

/// Steps that are done at a desk, whoever sits in front of it: review, approval, decision.
[[nodiscard]] bool is_desk_step(std::string_view word);

}  // namespace mj::index
