#pragma once

#include <array>
#include <optional>
#include <vector>

#include "capture/media_clock.h"
#include "capture/rtsp/decode_times.h"
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
/// Sender reports of cameras (RTCP) will enter as one more observation of the delay; place() stays as it is.
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
  void settle() { settled_ = true; }

  /// Samples that are decoded before they are shown: see rtsp::DecodeTimes.
  void set_reorder_depth(int depth);

  struct Placed {
    WallTime decode;
    Duration composition{0};  ///< presentation − decode
    RunBreak breaks = RunBreak::none;
  };
  /// `ticks`: of presentation, as sent.
  [[nodiscard]] Placed place(int64_t ticks, Arrival arrival);

  /// A new run begins with the sample placed last: from here on the line may be tied anew, if it was more
  /// than a second too early. (Too late cannot be mended at once: time would overlap; it is slewed.) Returns
  /// that sample's new time.
  [[nodiscard]] WallTime begin_run();

  /// Nothing is placed before this: the end of what the stream has already. Call before the first place().
  void not_before(WallTime earliest) { earliest_ = earliest; }

  /// Bound of |wall time − true time| for a run that begins now: 500 ms for the delay nobody can measure,
  /// plus what is known to be wrong.
  [[nodiscard]] Duration error_bound() const;

 private:
  static constexpr std::size_t kBuckets = 6;
  struct Bucket {
    int64_t half_second = 0;
    Duration least{0};
  };

  [[nodiscard]] int64_t ticks_to_ns(int64_t ticks) const;
  void tie(int64_t decode, Duration composition, Arrival arrival);
  void note_residual(Duration residual, SteadyTime arrival);
  [[nodiscard]] Duration error() const;
  [[nodiscard]] int64_t slew(int64_t delta_ns) const;
  [[nodiscard]] RunBreak watch_host_clock(Arrival& arrival);

  const uint32_t timescale_;
  MediaClock observed_clock_;  // of the samples seen before the line is tied
  std::optional<Arrival> first_observed_;
  std::optional<Duration> least_delay_;  // arrival − media, smallest seen while observing
  bool settled_ = false;

  MediaClock clock_;
  rtsp::DecodeTimes decode_times_;
  std::optional<int64_t> last_decode_;  // ticks on clock_'s line
  int64_t last_wall_ns_ = 0;            // its place
  WallTime earliest_{};
  std::optional<Duration> host_offset_;  // wall − steady of this machine
  bool offset_suspect_ = false;
  std::vector<Bucket> residuals_;  // arrival − placed, the least of each half second that had samples
  Duration latest_residual_{0};
};

}  // namespace mj::capture
