#include "capture/sender_reports.h"

#include <algorithm>

namespace mj::capture {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr Duration kTolerance = milliseconds(30);  // of a camera that dates its reports carelessly
constexpr int kEnough = 4;
constexpr nanoseconds kSpan = seconds(5);
constexpr std::size_t kSpans = 12;  // a minute: 500 ppm make 30 ms of it, and no queue lasts longer
constexpr std::size_t kRecentSpans = 3;
constexpr Duration kLongestQueue = seconds(2);
constexpr Duration kValid = seconds(60);        // after the newest report
constexpr Duration kEarly = milliseconds(60);   // pictures cannot overtake reports by more
constexpr Duration kMostOnTheWay = seconds(3);  // of the quickest picture: a camera's, not a recorder's
constexpr int64_t kUnevenness = 1000;           // one in a thousand: twice the worst oscillator

Duration since_epoch(SteadyTime time) {
  return std::chrono::duration_cast<Duration>(time.time_since_epoch());
}

void lower(std::optional<Duration>& least, Duration value) {
  least = least ? std::min(*least, value) : value;
}

}  // namespace

Duration SenderReports::between(int64_t from, int64_t to) const {
  return from_ticks(to - from, timescale_);
}

bool SenderReports::agrees(const Line& line, int64_t ticks, WallTime camera) const {
  const Duration by_clock = camera - line.camera;
  const Duration difference = by_clock - between(line.ticks, ticks);
  const Duration allowed = kTolerance + std::max(by_clock, Duration{0}) / kUnevenness;
  return by_clock > Duration{0} && difference < allowed && difference > -allowed;
}

SenderReports::Span& SenderReports::span_at(Line& line, SteadyTime arrived) {
  const int64_t number = arrived.time_since_epoch() / kSpan;
  if (line.spans.empty() || line.spans.back().five_seconds != number) line.spans.push_back({number, {}, {}});
  if (line.spans.size() > kSpans) line.spans.pop_front();
  return line.spans.back();
}

void SenderReports::extend(Line& line, int64_t ticks, WallTime camera, SteadyTime arrived) {
  line.ticks = ticks;
  line.camera = camera;
  line.arrived = arrived;
  ++line.reports;
  lower(span_at(line, arrived).report, since_epoch(arrived) - camera.time_since_epoch());
}

void SenderReports::add(int64_t ticks, WallTime camera, SteadyTime arrived) {
  if (line_ && line_->ticks == ticks && line_->camera == camera) return;  // says nothing new
  if (line_ && agrees(*line_, ticks, camera)) {
    extend(*line_, ticks, camera, arrived);
    other_.reset();
    return;
  }
  std::optional<Line>& second = line_ ? other_ : line_;
  if (!second || !agrees(*second, ticks, camera)) second = Line{ticks, camera, arrived, 0, {}};
  extend(*second, ticks, camera, arrived);
  if (other_ && other_->reports >= kEnough) line_ = std::exchange(other_, std::nullopt);
}

void SenderReports::saw_picture(int64_t ticks, SteadyTime arrived) {
  if (!line_) return;
  const WallTime made = line_->camera + between(line_->ticks, ticks);
  lower(span_at(*line_, arrived).picture, since_epoch(arrived) - made.time_since_epoch());
}

void SenderReports::forget() {
  line_.reset();
  other_.reset();
}

std::optional<SenderReports::Least> SenderReports::least_delay(SteadyTime now) const {
  if (!line_ || line_->reports < kEnough || now - line_->arrived > kValid) return std::nullopt;
  std::optional<Duration> report, picture, recent;
  const std::size_t first_recent = line_->spans.size() - std::min(kRecentSpans, line_->spans.size());
  for (std::size_t i = 0; i < line_->spans.size(); ++i) {
    const Span& span = line_->spans[i];
    if (span.report) lower(report, *span.report);
    if (span.picture) lower(picture, *span.picture);
    if (i < first_recent) continue;
    if (span.report) lower(recent, *span.report);
    if (span.picture) lower(recent, *span.picture);
  }
  if (!report || !picture || !recent) return std::nullopt;
  if (*report - *picture > kEarly || *picture - *report > kMostOnTheWay) return std::nullopt;
  const Duration least = std::min(*report, *picture);
  if (*recent - least > kLongestQueue) return std::nullopt;
  return Least{least, *picture};
}

std::optional<SteadyTime> SenderReports::when(int64_t ticks, SteadyTime now) const {
  const auto least = least_delay(now);
  if (!least) return std::nullopt;
  const WallTime made = line_->camera + between(line_->ticks, ticks);
  return SteadyTime{std::chrono::duration_cast<SteadyTime::duration>(made.time_since_epoch() + least->any)};
}

std::optional<Duration> SenderReports::camera_minus_steady(SteadyTime now) const {
  const auto least = least_delay(now);
  return least ? std::optional(-least->any) : std::nullopt;
}

std::optional<Duration> SenderReports::quickest_picture(SteadyTime now) const {
  const auto least = least_delay(now);
  return least ? std::optional(least->picture - least->any) : std::nullopt;
}

}  // namespace mj::capture
