#pragma once

#include <functional>

#include "config/base/bytes.h"
#include "config/base/result.h"
#include "config/base/time.h"
#include "tests/support/painted_code.h"

namespace mj::test {

/// Decodes the video of an MP4 held in memory (init segment plus fragments) and shows each frame's luma with
/// its presentation time on the file's own time line. The plane is borrowed for the call. Errors: corrupt.
[[nodiscard]] Result<void> decode_video(
    BytesView file, const std::function<void(Duration, const LumaPlane<const uint8_t>&)>& on_frame);

/// Shows each picture of an MP4's video as it is stored, in order: length-prefixed NAL units. Borrowed for
/// the call. Errors: corrupt.
[[nodiscard]] Result<void> read_video(BytesView file, const std::function<void(BytesView)>& on_picture);

}  // namespace mj::test
