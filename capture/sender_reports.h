#pragma once

#include <deque>
#include <optional>

#include "config/config.h"

namespace mj::capture {

/// Bound of the error of what sender reports tell: the network's least delay, and a minute at 500 ppm.
inline constexpr Duration kReportError = std::chrono::milliseconds(50);

/// A camera's sender reports (RTCP, RFC 3550 §6.4.1) say which of its ticks belong to which time of its own
/// clock. That clock may be minutes off, but it goes evenly, and what it dates can be late here, never early:
/// the least time on the way, of reports and of pictures, ties it to ours. So neither the camera's encoder
/// nor a queue in the network moves a picture in time.
///
/// Four reports in a row that agree are believed, because one may have been held up. One that does not agree
/// with them is overlooked until three more agree with it (the camera's clock was set). Reports that make
/// pictures arrive before they were made, or that come from a clock of another pace than ours, are not
/// believed at all.
///
/// Owner: a Timeline. Thread: its owner's. Does not: know wall time; `ticks` are those of MediaClock's line.
/// Fails: never; when() has no answer.
class SenderReports {
 public:
  explicit SenderReports(uint32_t timescale) : timescale_(timescale) {}

  /// At `camera`, on the camera's clock, its ticks were `ticks`.
  void add(int64_t ticks, WallTime camera, SteadyTime arrived);
  /// A picture of `ticks` is here: it was not made after `arrived`.
  void saw_picture(int64_t ticks, SteadyTime arrived);
  /// The line of ticks was cut.
  void forget();

  /// When the camera's ticks were `ticks`, on this machine's steady clock.
  [[nodiscard]] std::optional<SteadyTime> when(int64_t ticks, SteadyTime now) const;
  /// The camera's clock − our steady clock, both as durations since their epochs.
  [[nodiscard]] std::optional<Duration> camera_minus_steady(SteadyTime now) const;
  /// How long the quickest pictures of the last minute were on the way: encoder and network.
  [[nodiscard]] std::optional<Duration> quickest_picture(SteadyTime now) const;

 private:
  /// The least of (arrival − camera's time) among what came in five seconds.
  struct Span {
    int64_t five_seconds = 0;
    std::optional<Duration> report, picture;
  };
  struct Line {
    int64_t ticks;  // of the newest report
    WallTime camera;
    SteadyTime arrived;
    int reports;  // that agree
    std::deque<Span> spans;
  };

  [[nodiscard]] Duration between(int64_t from, int64_t to) const;
  [[nodiscard]] bool agrees(const Line& line, int64_t ticks, WallTime camera) const;
  static Span& span_at(Line& line, SteadyTime arrived);
  static void extend(Line& line, int64_t ticks, WallTime camera, SteadyTime arrived);
  struct Least {
    Duration any, picture;
  };
  [[nodiscard]] std::optional<Least> least_delay(SteadyTime now) const;

  const uint32_t timescale_;
  std::optional<Line> line_;
  std::optional<Line> other_;  // what the newest reports say, if they contradict line_
};

}  // namespace mj::capture
