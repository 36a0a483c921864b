#pragma once

#include "tests/support/camera_farm/clip.h"

extern "C" {
#include <libavcodec/avcodec.h>
}

namespace mj::test::farm {

/// Parameter sets of a file (avcC, hvcC), sent before each key frame and told in the SDP.
struct ParameterSets {
  std::vector<Bytes> vps, sps, pps;
  int nal_length_size = 4;
};

/// Fills a track from libav's description; `sets` only for video. False: a codec that no camera here sends.
/// Throws std::runtime_error when the file has no parameter sets in its header (use .mp4, .mov or .mkv).
[[nodiscard]] bool describe(const AVCodecParameters& parameters, Track& track, ParameterSets& sets);

}  // namespace mj::test::farm
