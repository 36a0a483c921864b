#pragma once

#include <cstdint>
#include <vector>

namespace mj::capture::rtsp {

/// RTP says when a picture is shown; a file also wants to know when it is decoded. For streams with B
/// pictures the decode time is the `depth`-th last of the presentation times in order (as ISO/IEC 14496-10
/// §C.4 has it); without them it is the presentation time. Decode times always rise, whatever the camera
/// sends. Owner: a video track. Does not: know wall time. All times in ticks, 64 bits.
class DecodeTimes {
 public:
  /// `depth` pictures at most precede in decoding what they follow in output; `frame_ticks`: a guess at the
  /// distance of two pictures, for the first `depth` of them.
  void configure(int depth, int64_t frame_ticks);

  /// The decode time of the next picture in decoding order.
  [[nodiscard]] int64_t next(int64_t presentation);

  /// The time line was cut: forget what came before.
  void reset();

 private:
  std::size_t depth_ = 0;
  int64_t frame_ticks_ = 1;
  std::vector<int64_t> shown_;  // the last depth_ + 1 presentation times, sorted
  bool any_ = false;
  int64_t last_ = 0;
};

}  // namespace mj::capture::rtsp
