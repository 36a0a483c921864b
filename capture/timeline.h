#pragma once

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "capture/media_clock.h"
#include "capture/rtsp/decode_times.h"
#include "capture/sender_reports.h"
#include "config/config.h"

namespace mj::capture {

/// When something arrived: both clocks, read together.
struct Arrival {
  SteadyTime steady;
  WallTime wall;
};
[[nodiscard]] Arrival arrival_now(const Clock& clock);

/// Why the next run should begin at the next key sample.
enum class RunBreak {
  none,
  media_jump,       ///< the camera's clock was set, restarted or replaced
  host_clock_step,  ///< this machine's clock was set
  drift,            ///< our times were wrong by more than slewing should mend
  time_error,       ///< times are worse than the run says, or much better
};

/// Camera ticks → wall time, for one track of one connection.
///
/// The camera's ticks say how far apart samples are, our clock says when they arrived, and what arrives can
/// be late but never early. So wall time is ticks plus the smallest delay seen of late (the lower envelope of
/// arrivals), approached so slowly (500 ppm) that pictures stay evenly spaced, and faster only when the error
/// passes 100 ms, as it does when a camera's ticks count 25 frames a second and it sends 21. The first
/// samples are only observed, because a camera may begin with seconds of stored pictures: the smallest delay
/// among them is where the line is tied.
///
/// Where a camera sends reports of its clock that can be believed (see SenderReports), they tell where the
/// line belongs, and the arrivals of pictures only confirm it.
///
/// Owner: a RunBuilder. Thread: its owner's. Does not: read clocks, buffer samples. Fails: never; see
/// RunBreak. Invariant: decode times rise strictly from the first place() to the destruction, whatever the
/// input.
class Timeline {
 public:
  explicit Timeline(uint32_t timescale);

  /// Before settled(): looks at a sample without placing it. Once settled, the same samples go to place() in
  /// order.
  void observe(int64_t ticks, Arrival arrival);
  /// Has enough been seen to tie the line?
  [[nodiscard]] bool settled() const { return settled_; }
  /// Ties the line to what has been seen, even if that is little: the stream may have ended.
  void settle() { guessed_ = !std::exchange(settled_, true) || guessed_; }

  /// Samples that are decoded before they are shown: see rtsp::DecodeTimes.
  void set_reorder_depth(int depth);

  struct Placed {
    WallTime decode;
    Duration composition{0};  ///< presentation − decode
    RunBreak breaks = RunBreak::none;
  };
  /// `ticks`: of presentation, as sent.
  [[nodiscard]] Placed place(int64_t ticks, Arrival arrival);

  /// The camera's own clock showed `camera` at `ticks` (RTCP sender report). May come at any time.
  void observe_report(int64_t ticks, WallTime camera, SteadyTime arrived);
  /// The camera's clock − ours, as of the sample placed last; none without reports that can be believed.
  [[nodiscard]] std::optional<Duration> camera_offset() const;

  /// A new run begins with the sample placed last: from here on the line may be tied anew, if it was more
  /// than a second too early. (Too late cannot be mended at once: time would overlap; it is slewed.) Returns
  /// that sample's new time.
  [[nodiscard]] WallTime begin_run();

  /// Nothing is placed before this: the end of what the stream has already. Call before the first place().
  void not_before(WallTime earliest) { earliest_ = earliest; }

  /// Bound of |wall time − true time| now. With sender reports 100 ms, without 500 ms for the delay nobody
  /// can measure, plus what is known to be wrong.
  [[nodiscard]] Duration error_bound() const;
  /// The bound for a run that begins now. When it is no longer so, place() says RunBreak::time_error.
  [[nodiscard]] Duration state_error();

 private:
  static constexpr std::size_t kBuckets = 6;
  struct Bucket {
    int64_t half_second = 0;
    Duration least{0};
  };
  struct Report {
    int64_t ticks;
    WallTime camera;
    SteadyTime arrived;
  };

  [[nodiscard]] int64_t ticks_to_ns(int64_t ticks) const;
  void tie(int64_t decode, Duration composition, Arrival arrival);
  void note_residual(Duration residual, SteadyTime arrival);
  void compare_with_reports(int64_t shown, const Placed& placed, SteadyTime arrival);
  [[nodiscard]] Duration bound_to_state() const;
  [[nodiscard]] bool must_restate() const;
  [[nodiscard]] Duration error() const;
  [[nodiscard]] int64_t slew(int64_t delta_ns) const;
  [[nodiscard]] RunBreak watch_host_clock(Arrival& arrival);

  const uint32_t timescale_;
  MediaClock observed_clock_;  // of the samples seen before the line is tied
  std::optional<Arrival> first_observed_;
  std::optional<Duration> least_delay_;  // arrival − media, smallest seen while observing
  bool settled_ = false;
  bool guessed_ = false;  // settled by settle()

  MediaClock clock_;
  rtsp::DecodeTimes decode_times_;
  std::optional<int64_t> last_decode_;  // ticks on clock_'s line
  int64_t last_wall_ns_ = 0;            // its place
  WallTime earliest_{};
  std::optional<Duration> host_offset_;  // wall − steady of this machine
  bool offset_suspect_ = false;
  std::vector<Bucket> residuals_;  // arrival − placed, the least of each half second that had samples
  Duration latest_residual_{0};

  SenderReports reports_;
  std::vector<Report> early_reports_;      // from before the first sample was placed
  std::optional<Duration> report_error_;   // of the sample placed last, by the reports
  std::optional<Duration> known_delay_;    // of the quickest pictures, learnt from reports
  SteadyTime now_{};                       // arrival of the sample placed last
  std::optional<Duration> stated_;         // the error bound of the run
  std::optional<SteadyTime> restated_at_;  // in mid-session
};

}  // namespace mj::capture
