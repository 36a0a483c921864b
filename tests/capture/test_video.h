#pragma once

#include <memory>
#include <vector>

#include "capture/rtsp/depacketizer.h"
#include "config/config.h"

namespace mj::test {

struct VideoOptions {
  int frames = 50;
  int width = 320, height = 192;
  int fps = 25;
  int gop = 25;
  int b_frames = 0;
};

/// A unit as a depacketizer hands it over, with its bytes. Ticks of 90 kHz from 0 on, in decoding order.
struct TestUnit {
  capture::rtsp::Unit unit;
  Bytes bytes;
};

/// Real H.264, made by libx264; each picture has its number painted (PaintedCode::frame, in order of
/// presentation).
[[nodiscard]] std::vector<TestUnit> encode_video(const VideoOptions& options);

}  // namespace mj::test
