#pragma once

#include <cstdint>

#include "config/config.h"

namespace mj::capture::rtsp {

/// Bits of a raw byte sequence payload, most significant first (ISO/IEC 14496-10 §7.2). Reading past the end
/// yields zeros and ok() turns false for good, so a parser may read on and judge once.
class BitReader {
 public:
  explicit BitReader(BytesView bytes) : bytes_(bytes) {}

  [[nodiscard]] uint32_t bits(int count) {
    uint32_t value = 0;
    while (count-- > 0) value = value << 1 | bit();
    return value;
  }
  [[nodiscard]] bool flag() { return bit() != 0; }
  void skip(int count) {
    while (count-- > 0) bit();
  }
  /// Exp-Golomb ue(v), §9.1. More than 31 leading zeros cannot be meant.
  [[nodiscard]] uint32_t ue() {
    int zeros = 0;
    while (ok_ && bit() == 0) {
      if (++zeros > 31) ok_ = false;
    }
    return ok_ ? (uint32_t{1} << zeros) - 1 + bits(zeros) : 0;
  }
  /// Exp-Golomb se(v), §9.1.1.
  [[nodiscard]] int32_t se() {
    const uint32_t k = ue();
    const auto half = static_cast<int32_t>(k / 2);
    return (k & 1) != 0 ? half + 1 : -half;
  }
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  uint32_t bit() {
    if (at_ / 8 >= bytes_.size()) {
      ok_ = false;
      return 0;
    }
    const uint32_t value = bytes_[at_ / 8] >> (7 - at_ % 8) & 1U;
    ++at_;
    return value;
  }

  BytesView bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

/// A NAL unit's payload without emulation prevention bytes (ISO/IEC 14496-10 §7.4.1), its first `most` bytes.
[[nodiscard]] inline Bytes unescape(BytesView nal, std::size_t most = 1024) {
  Bytes out;
  int zeros = 0;
  for (const uint8_t byte : nal.first(std::min(nal.size(), most))) {
    if (zeros >= 2 && byte == 3) {
      zeros = 0;
      continue;
    }
    zeros = byte == 0 ? zeros + 1 : 0;
    out.push_back(byte);
  }
  return out;
}

}  // namespace mj::capture::rtsp
