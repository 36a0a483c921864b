#pragma once

#include "storage/boxes.h"
#include "storage/storage.h"

/// The label: the `uuid` box behind moov that makes a file tell its own story (storage law 1). Its payload is
/// text, one `name=value` a line, so that it can be read with nothing but `strings`.
namespace mj::storage {

inline constexpr BoxUuid kLabelType{0xf4, 0x59, 0xc9, 0xa5, 0x62, 0x46, 0x46, 0xab,
                                    0x8f, 0x6f, 0x82, 0xd2, 0x69, 0x4a, 0x49, 0xaa};
inline constexpr std::size_t kMaxLabelBytes = 4096;

struct SegmentLabel {
  StreamKey stream;
  WallTime start;
  WallTime run_start;
  std::string mime;
  int width = 0, height = 0;
  std::string audio;
  Duration time_error{0};
  Digest previous{};  ///< sha256 of the stream's segment before
};

/// The whole box. Errors: invalid (a text with control characters, or too long).
[[nodiscard]] Result<Bytes> encode_label(const SegmentLabel& label);
/// From what follows the box's extended type. Unknown names are skipped, so that later versions may say more.
/// Errors: corrupt.
[[nodiscard]] Result<SegmentLabel> parse_label(BytesView payload);

}  // namespace mj::storage
