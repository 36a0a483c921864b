#pragma once

#include <memory>
#include <string>

#include "config/base/bytes.h"

namespace mj::test {

/// A decoded picture, planes without padding.
struct DecodedPicture {
  int width = 0, height = 0;
  bool full_range = false;
  bool bt709 = false;  ///< matrix, transfer and primaries
  bool yuv444 = false;
  Bytes y, u, v;
  std::string sha256;  ///< of y, u, v in this order

  /// R, G, B of one pixel by the full-range BT.709 matrix.
  [[nodiscard]] std::array<int, 3> rgb(int column, int row) const;
};

/// Decodes what the agent sends, with libavcodec, one access unit at a time.
class H264Decoder {
 public:
  explicit H264Decoder(const std::string& avc_config);
  ~H264Decoder();
  H264Decoder(const H264Decoder&) = delete;
  H264Decoder& operator=(const H264Decoder&) = delete;

  /// Throws when no picture comes out, or when the decoder finds an error.
  [[nodiscard]] DecodedPicture decode(BytesView access_unit);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// SHA-256 in lower-case hexadecimal.
[[nodiscard]] std::string sha256_of(std::initializer_list<BytesView> parts);

}  // namespace mj::test
