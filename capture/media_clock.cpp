#include "capture/media_clock.h"

#include <algorithm>

namespace mj::capture {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kMostBack = milliseconds(1500);  // reordering of B pictures, late audio
constexpr Duration kMostAhead = seconds(10);  // what a camera may send at once from before the connection
constexpr Duration kLongestStep = seconds(10);
constexpr int64_t kWrap = int64_t{1} << 32;  // RTP timestamps, RFC 3550 §5.1

}  // namespace

MediaClock::MediaClock(uint32_t timescale)
    : timescale_(timescale), step_(to_ticks(milliseconds(40), timescale)) {}

int64_t MediaClock::elapsed(SteadyTime from, SteadyTime to) const {
  return to_ticks(std::chrono::duration_cast<Duration>(to - from), timescale_);
}

std::optional<int64_t> MediaClock::distance(const Point& from, int64_t ticks, SteadyTime arrival) const {
  const int64_t back = -to_ticks(kMostBack, timescale_);
  const int64_t ahead = elapsed(from.arrival, arrival) + to_ticks(kMostAhead, timescale_);
  for (const int64_t wrap : {int64_t{0}, kWrap, -kWrap}) {
    const int64_t delta = ticks - from.ticks + wrap;
    if (delta >= back && delta <= ahead) return delta;
  }
  return std::nullopt;
}

std::optional<int64_t> MediaClock::locate(int64_t ticks, SteadyTime arrival) const {
  if (!last_) return std::nullopt;
  const auto delta = distance(*last_, ticks, arrival);
  return delta ? std::optional(even_ + *delta) : std::nullopt;
}

int64_t MediaClock::next(int64_t ticks, SteadyTime arrival) {
  jumped_ = false;
  if (!last_) {
    last_ = Point{ticks, arrival};
    return given_ = even_;
  }
  if (const auto delta = distance(*last_, ticks, arrival)) {
    if (*delta > 0 && *delta <= to_ticks(kLongestStep, timescale_)) step_ = *delta;
    even_ += *delta;
    last_ = Point{ticks, arrival};
    suspect_.reset();
    return given_ = even_;
  }
  // Off the line. One sample alone is an outlier and gets about the place it should have had; two that agree
  // are a new line, tied to the old one by the time that passed between their arrivals.
  jumped_ = suspect_ && distance(*suspect_, ticks, arrival);
  const int64_t passed = elapsed(last_->arrival, arrival);
  if (jumped_) {
    even_ = std::max(given_ + 1, even_ + passed);
    last_ = Point{ticks, arrival};
    suspect_.reset();
    return given_ = even_;
  }
  suspect_ = Point{ticks, arrival};
  return given_ += std::max<int64_t>(std::min(step_, passed) / 2, 1);
}

}  // namespace mj::capture
