#include "index/screen_work.h"

#include <algorithm>
#include <tuple>

namespace mj::index {

namespace {

/// Between two pages with its number the clerk looks at others.
constexpr Duration kPageTurn = std::chrono::minutes(5);
/// A step is the last that is done, on a page that may not name the case.
constexpr Duration kLastPage = std::chrono::minutes(3);
/// A step that comes without its number on the screen: this long after the work at most.
constexpr Duration kSoonAfter = std::chrono::minutes(30);

std::vector<ScreenWork> merged(std::vector<Sighting> sightings) {
  std::ranges::sort(sightings, {}, [](const Sighting& s) { return std::tuple(s.case_id, s.from, s.to); });
  std::vector<ScreenWork> works;
  for (const Sighting& seen : sightings) {
    const bool goes_on =
        !works.empty() && works.back().case_id == seen.case_id && seen.from - works.back().to <= kPageTurn;
    if (!goes_on) works.push_back({seen.case_id, seen.from, seen.to});
    works.back().to = std::max(works.back().to, seen.to);
  }
  return works;
}

bool covers(const ScreenWork& work, WallTime at) {
  return at >= work.from - kClockError && at <= work.to + kLastPage;
}

void compare_with_steps(std::vector<ScreenWork>& works, const std::vector<Fact>& steps) {
  for (ScreenWork& work : works) {
    bool at_desk = false;
    for (const Fact& step : steps) {
      if (step.case_id != work.case_id || step.at > work.to + kSoonAfter) continue;
      if (covers(work, step.at)) {
        (is_desk_step(step.word) ? at_desk : work.with_step) = true;
        work.accounts.push_back(step.clerk);
      }
      work.step_later = work.step_later || (step.at > work.to + kLastPage && !is_desk_step(step.word));
    }
    work.desk_only = at_desk && !work.with_step;
    work.step_later = work.step_later && !work.with_step && !at_desk;
  }
}

/// Of two pieces of work on one case the shorter has the step and the longer none: then the step was put down
/// for the longer, before it (prepared) or after it (the visitor had left).
void compare_with_each_other(ScreenWork& first, ScreenWork& later) {
  if (later.from - first.to > kReach || first.with_step == later.with_step) return;
  if (first.desk_only || later.desk_only) return;
  ScreenWork& step = first.with_step ? first : later;
  ScreenWork& other = first.with_step ? later : first;
  if (step.length() >= other.length()) return;
  other.step_later = true;
  step.written_down = true;
}

}  // namespace

std::vector<ScreenWork> works_of(const WindowFacts& facts) {
  auto works = merged(facts.sightings);
  compare_with_steps(works, facts.steps);
  for (size_t i = 0; i + 1 < works.size(); ++i) {
    if (works[i].case_id == works[i + 1].case_id) compare_with_each_other(works[i], works[i + 1]);
  }
  std::ranges::sort(works, {},
                    [](const ScreenWork& work) { return std::tuple(work.from, work.to, work.case_id); });
  return works;
}

bool is_desk_step(std::string_view word) {
  for (const char* part : {"审", "批", "决定", "制证", "review", "approv", "decid"}) {
    if (word.find(part) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace mj::index
