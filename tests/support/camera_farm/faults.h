#pragma once

#include <string>
#include <string_view>

namespace mj::test::farm {

/// What a camera does wrong. Seconds unless said otherwise, 0 = off. From the command line (--fault
/// GLOB:k=v,…) or the URL (?k=v&k=v).
struct Faults {
  double drop_every = 0;   // the connection is reset every that many seconds
  double hold_for = 0;     // after a drop DESCRIBE answers 503 for that long
  double stall_every = 0;  // nothing is sent for stall_for, the connection stays open
  double stall_for = 5;
  double jump_every = 0;  // RTP timestamps jump by jump_by (may be negative)
  double jump_by = 3600;
  double garbage_every = 0;  // random bytes between packets: the `$` framing is lost
  double garbage_bytes = 300;
  double loss = 0;          // share of RTP packets left out (0..1)
  double corrupt = 0;       // share of video frames with one byte changed (0..1)
  double drift_ppm = 0;     // the camera's clock runs fast (+) or slow (-)
  double switch_every = 0;  // another clip in the running session
  double reply_delay = 0;   // each RTSP reply comes late
  std::string switch_to;
  int refuse = 0;               // DESCRIBE is answered with that status
  bool start_anywhere = false;  // the first frame need not be a key frame

  /// Throw std::invalid_argument when a key is unknown or a value no number.
  void set(const std::string& key, const std::string& value);
  void parse(std::string_view text, char separator);
};

}  // namespace mj::test::farm
