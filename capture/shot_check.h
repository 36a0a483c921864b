#pragma once

#include "capture/capture.h"
#include "capture/rtsp/nal_syntax.h"

namespace mj::capture {

/// Is this an entry that can be recorded? Sizes, times, NAL structure, key flag; reads no picture data.
/// Errors: invalid.
[[nodiscard]] Result<void> check_entry(const Entry& entry);

/// From an AVCDecoderConfigurationRecord (ISO/IEC 14496-15 §5.3.3.1), with the picture's size from its SPS.
/// Errors: invalid (cut off, no 4-byte lengths, no SPS or PPS, picture beyond 33 Mpx).
[[nodiscard]] Result<rtsp::VideoConfig> parse_avc_config(BytesView record);

}  // namespace mj::capture
