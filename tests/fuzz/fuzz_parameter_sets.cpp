// VPS, SPS, PPS and SEI of both codecs. Input: a byte that chooses the codec, then NAL units after a byte of
// length.

#include <cstdlib>
#include <memory>

#include "capture/rtsp/h264_syntax.h"
#include "capture/rtsp/h265_syntax.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace mj;
  using namespace mj::capture::rtsp;
  if (size < 1) return 0;
  std::unique_ptr<NalSyntax> syntax;
  if (data[0] % 2 == 0) {
    syntax = std::make_unique<H264Syntax>();
  } else {
    syntax = std::make_unique<H265Syntax>();
  }
  BytesView rest(data + 1, size - 1);
  while (rest.size() > 1) {
    const std::size_t length = std::min<std::size_t>(rest[0], rest.size() - 1);
    const BytesView nal = rest.subspan(1, length);
    rest = rest.subspan(1 + length);
    (void)syntax->kind(nal);
    (void)syntax->begins_picture(nal);
    (void)syntax->is_intra(nal);
    (void)syntax->says_recovery(nal);
    syntax->learn(nal);
    const auto config = syntax->config();
    if (!config) continue;
    if (config->width <= 0 || config->height <= 0 || config->reorder_depth > 16) std::abort();
    if (int64_t{config->width} * config->height > kMaxPicturePixels) std::abort();
  }
  return 0;
}
