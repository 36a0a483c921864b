#pragma once

#include <map>
#include <optional>

#include "capture/rtsp/nal_syntax.h"

namespace mj::capture::rtsp {

/// What of a sequence parameter set (ISO/IEC 14496-10 §7.3.2.1) concerns a recorder.
struct H264Sps {
  uint32_t id = 0;
  uint8_t profile = 0, constraints = 0, level = 0;
  uint32_t chroma_format = 1;
  uint32_t luma_depth = 8, chroma_depth = 8;
  int width = 0, height = 0;
  int reorder_depth = 0;  ///< max_num_reorder_frames; 0 when not said
};
/// `nal` with its header byte. Nothing when it is no SPS, is cut off, or its picture is empty or too large.
[[nodiscard]] std::optional<H264Sps> parse_h264_sps(BytesView nal);

class H264Syntax final : public NalSyntax {
 public:
  [[nodiscard]] Kind kind(BytesView nal) const override;
  [[nodiscard]] bool begins_picture(BytesView nal) const override;
  [[nodiscard]] bool is_intra(BytesView nal) const override;       // slice_type I or SI (§7.4.3)
  [[nodiscard]] bool says_recovery(BytesView sei) const override;  // recovery_frame_cnt 0 (§D.2.8)
  void learn(BytesView nal) override;
  [[nodiscard]] std::shared_ptr<const VideoConfig> config() override;

 private:
  std::map<uint32_t, Bytes> sps_;  ///< by id; the key space is bounded by the standard: 32 and 256
  std::map<uint32_t, Bytes> pps_;
  uint32_t latest_sps_ = 0;  ///< the one learned last: after a change of picture size the one in use
  std::shared_ptr<const VideoConfig> config_;
  bool changed_ = false;
};

}  // namespace mj::capture::rtsp
