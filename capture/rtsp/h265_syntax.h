#pragma once

#include <array>
#include <map>
#include <optional>

#include "capture/rtsp/nal_syntax.h"

namespace mj::capture::rtsp {

/// What of a sequence parameter set (ISO/IEC 23008-2 §7.3.2.2) concerns a recorder.
struct H265Sps {
  uint32_t id = 0;
  std::array<uint8_t, 12> profile_tier_level{};  ///< general_profile_space … general_level_idc
  uint8_t temporal_layers = 1;
  bool temporal_nesting = false;
  uint32_t chroma_format = 1;
  uint32_t luma_depth = 8, chroma_depth = 8;
  int width = 0, height = 0;
  int reorder_depth = 0;
};
/// `nal` with its two header bytes. Nothing when it is no SPS, is cut off, or its picture is empty or too
/// large.
[[nodiscard]] std::optional<H265Sps> parse_h265_sps(BytesView nal);

class H265Syntax final : public NalSyntax {
 public:
  [[nodiscard]] Kind kind(BytesView nal) const override;
  [[nodiscard]] bool begins_picture(BytesView nal) const override;
  void learn(BytesView nal) override;
  [[nodiscard]] std::shared_ptr<const VideoConfig> config() override;

 private:
  /// VPS, SPS and PPS by id; the ids are bounded by the standard: 16, 16 and 64.
  std::array<std::map<uint32_t, Bytes>, 3> sets_;
  uint32_t latest_sps_ = 0;  ///< the one learned last: after a change of picture size the one in use
  std::shared_ptr<const VideoConfig> config_;
  bool changed_ = false;
};

}  // namespace mj::capture::rtsp
