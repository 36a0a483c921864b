#include "capture/timeline.h"

#include <algorithm>

namespace mj::capture {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr Duration kObserve = milliseconds(400);
constexpr Duration kGuessing = seconds(10);  // by then what was stored has come, and the line is mended
constexpr Duration kUnknownDelay =
    milliseconds(400);  // exposure, encoder, network: nothing tells it from outside
constexpr Duration kQuietError = milliseconds(100);  // below: 500 ppm
constexpr Duration kLoudError = milliseconds(250);   // from here on: as fast as allowed
// The same where reports tell the error, which the arrivals of pictures only hint at.
constexpr Duration kReportQuietError = milliseconds(20);
constexpr Duration kReportTolerated = milliseconds(50);
// A run cannot say something else later: one with an error that is still growing leaves room for it, and one
// that is too modest ends at once, but not for every wobble.
constexpr Duration kHeadroom = milliseconds(250);
constexpr Duration kBetweenImprovements = seconds(30);
constexpr std::size_t kMostEarlyReports = 8;
constexpr double kQuietRate = 500e-6;
constexpr double kFastestForward = 0.25;
constexpr double kFastestBack = 0.20;
constexpr Duration kHostStep = milliseconds(200);
constexpr Duration kDrift = seconds(2);
constexpr Duration kRetie = seconds(1);
constexpr Duration kOverlap = seconds(10);
constexpr Duration kMostStored = seconds(10);  // MediaClock bears no more
constexpr nanoseconds kBucket = milliseconds(500);

Duration wall_minus_steady(Arrival arrival) {
  return arrival.wall.time_since_epoch() -
         std::chrono::duration_cast<Duration>(arrival.steady.time_since_epoch());
}

WallTime to_wall(int64_t ns) {
  return from_us((ns + 500) / 1000);
}

}  // namespace

Arrival arrival_now(const Clock& clock) {
  return {clock.steady_now(), clock.now()};
}

Timeline::Timeline(uint32_t timescale)
    : timescale_(timescale), observed_clock_(timescale), clock_(timescale), reports_(timescale) {
  set_reorder_depth(0);
}

int64_t Timeline::ticks_to_ns(int64_t ticks) const {
  const int64_t scale = timescale_;
  return ticks / scale * 1'000'000'000 + ticks % scale * 1'000'000'000 / scale;
}

void Timeline::set_reorder_depth(int depth) {
  decode_times_.configure(depth, to_ticks(milliseconds(40), timescale_));
}

void Timeline::observe(int64_t ticks, Arrival arrival) {
  if (!first_observed_) first_observed_ = arrival;
  const int64_t media = observed_clock_.next(ticks, arrival.steady);
  const auto since_first = std::chrono::duration_cast<Duration>(arrival.steady - first_observed_->steady);
  const Duration delay = since_first - from_ticks(media, timescale_);
  least_delay_ = std::min(least_delay_.value_or(delay), delay);
  if (since_first >= kObserve) settled_ = true;
}

/// Places the first sample: at its arrival, less what the samples after it told about having been stored.
void Timeline::tie(int64_t decode, Duration composition, Arrival arrival) {
  const WallTime natural =
      arrival.wall + std::min(least_delay_.value_or(Duration{0}), Duration{0}) - composition;
  // A few seconds before the end of what the stream has: stored pictures that are recorded already, whoever
  // reads them drops them. Much more: our own clock was set back, and times must go on rising.
  const WallTime start = natural < earliest_ - kOverlap ? earliest_ : natural;
  last_decode_ = decode;
  last_wall_ns_ = to_us(start) * 1000;
  // The sample with the least delay is placed where it should be, or as much too late as the start is; until
  // it comes, those before it only look late.
  residuals_.push_back({arrival.steady.time_since_epoch() / kBucket - 1, natural - start});
}

Timeline::Placed Timeline::place(int64_t ticks, Arrival arrival) {
  Placed placed;
  placed.breaks = watch_host_clock(arrival);
  const int64_t shown = clock_.next(ticks, arrival.steady);
  if (clock_.jumped()) {
    decode_times_.reset();
    reports_.forget();
    placed.breaks = RunBreak::media_jump;
  }
  const int64_t decode = decode_times_.next(shown);
  placed.composition = from_ticks(shown - decode, timescale_);
  if (!last_decode_) {
    tie(decode, placed.composition, arrival);
  } else {
    const int64_t delta_ns = ticks_to_ns(std::max<int64_t>(decode - *last_decode_, 1));
    last_decode_ = decode;
    last_wall_ns_ += delta_ns + slew(delta_ns);
  }
  placed.decode = to_wall(last_wall_ns_);
  if (first_observed_ && arrival.steady - first_observed_->steady >= kGuessing) guessed_ = false;
  note_residual(arrival.wall - (placed.decode + placed.composition), arrival.steady);
  compare_with_reports(shown, placed, arrival.steady);
  if (placed.breaks == RunBreak::none && error() > kDrift) placed.breaks = RunBreak::drift;
  if (placed.breaks == RunBreak::none && must_restate()) placed.breaks = RunBreak::time_error;
  return placed;
}

void Timeline::observe_report(int64_t ticks, WallTime camera, SteadyTime arrived) {
  if (!last_decode_) {
    if (early_reports_.size() < kMostEarlyReports) early_reports_.push_back({ticks, camera, arrived});
  } else if (const auto on_line = clock_.locate(ticks, arrived)) {
    reports_.add(*on_line, camera, arrived);
  }
}

void Timeline::compare_with_reports(int64_t shown, const Placed& placed, SteadyTime arrival) {
  now_ = arrival;
  for (const Report& report : std::exchange(early_reports_, {})) {
    observe_report(report.ticks, report.camera, report.arrived);
  }
  reports_.saw_picture(shown, arrival);
  report_error_.reset();
  const auto made = reports_.when(shown, arrival);
  if (!made) return;
  const WallTime truth{std::chrono::duration_cast<Duration>(made->time_since_epoch()) + *host_offset_};
  report_error_ = truth - (placed.decode + placed.composition);
  known_delay_ = reports_.quickest_picture(arrival);
}

std::optional<Duration> Timeline::camera_offset() const {
  const auto ahead = reports_.camera_minus_steady(now_);
  if (!ahead || !host_offset_) return std::nullopt;
  return *ahead - *host_offset_;
}

void Timeline::note_residual(Duration residual, SteadyTime arrival) {
  latest_residual_ = residual;
  const int64_t half_second = arrival.time_since_epoch() / kBucket;
  if (residuals_.empty() || residuals_.back().half_second != half_second) {
    residuals_.push_back({half_second, residual});
    // Only half seconds that had samples count, so that the burst after a stall is judged together with what
    // it continues.
    if (residuals_.size() > kBuckets) residuals_.erase(residuals_.begin());
  } else {
    residuals_.back().least = std::min(residuals_.back().least, residual);
  }
}

/// By how much the line is too early (positive) or too late. Pictures that are no later than they were while
/// there were reports say that nothing has changed.
Duration Timeline::error() const {
  if (report_error_) return *report_error_;
  Duration least = latest_residual_;
  for (const Bucket& bucket : residuals_) least = std::min(least, bucket.least);
  return least - known_delay_.value_or(Duration{0});
}

/// What to add to a step of `delta_ns`; never so much that time stands still.
int64_t Timeline::slew(int64_t delta_ns) const {
  const Duration wrong = error();
  const Duration size = wrong < Duration{0} ? -wrong : wrong;
  const Duration quiet = report_error_ ? kReportQuietError : kQuietError;
  double rate = kQuietRate;
  if (size > quiet) {
    const double loud =
        static_cast<double>((size - quiet).count()) / static_cast<double>((kLoudError - quiet).count());
    rate = std::max(rate, std::min(loud, 1.0) * (wrong < Duration{0} ? kFastestBack : kFastestForward));
  }
  const auto step = static_cast<int64_t>(static_cast<double>(delta_ns) * rate);
  const int64_t most = size.count() * 1000;
  return wrong < Duration{0} ? -std::min(step, most) : std::min(step, most);
}

/// A step shows as a change between this machine's two clocks; believed when seen twice, because reading them
/// can be interrupted. Until then the sample's arrival is told by the clock that is never set.
RunBreak Timeline::watch_host_clock(Arrival& arrival) {
  const Duration offset = wall_minus_steady(arrival);
  const Duration change = host_offset_ ? offset - *host_offset_ : Duration{0};
  const bool stepped = change > kHostStep || change < -kHostStep;
  const bool confirmed = stepped && offset_suspect_;
  offset_suspect_ = stepped && !confirmed;
  if (offset_suspect_) arrival.wall -= change;
  if (!offset_suspect_) host_offset_ = offset;
  if (!confirmed) return RunBreak::none;
  // What was learnt about delays stays true by the new time: the pictures that come now may be late ones.
  for (Bucket& bucket : residuals_) bucket.least += change;
  latest_residual_ += change;
  return RunBreak::host_clock_step;
}

WallTime Timeline::begin_run() {
  const Duration wrong = error();
  if (wrong > kRetie) {
    last_wall_ns_ += wrong.count() * 1000;
    residuals_.clear();
    latest_residual_ = Duration{0};
    if (report_error_) report_error_ = Duration{0};
  }
  return to_wall(last_wall_ns_);
}

Duration Timeline::error_bound() const {
  const Duration wrong = error();
  if (report_error_) return kReportError + std::max(kReportTolerated, wrong < Duration{0} ? -wrong : wrong);
  // Too late: the unknown delay comes on top. Too early: it is what the line is early by.
  const Duration bound = wrong < Duration{0} ? kUnknownDelay + std::max(kQuietError, -wrong)
                                             : std::max(kUnknownDelay + kQuietError, wrong);
  return guessed_ ? bound + kMostStored : bound;
}

Duration Timeline::bound_to_state() const {
  const Duration usual = report_error_ ? kReportError + kReportTolerated : kUnknownDelay + kQuietError;
  const Duration bound = error_bound();
  return bound > usual ? bound + kHeadroom : bound;
}

Duration Timeline::state_error() {
  if (stated_) restated_at_ = now_;
  stated_ = bound_to_state();
  return *stated_;
}

bool Timeline::must_restate() const {
  if (!stated_) return false;
  if (error_bound() > *stated_) return true;
  const bool too_soon = restated_at_ && now_ - *restated_at_ < kBetweenImprovements;
  return !too_soon && 2 * bound_to_state() <= *stated_;
}

}  // namespace mj::capture
