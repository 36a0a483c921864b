#include "capture/mp4_boxes.h"

#include <algorithm>

namespace mj::capture {

void BoxWriter::number(uint64_t value, int width) {
  for (int shift = 8 * (width - 1); shift >= 0; shift -= 8)
    out_.push_back(static_cast<uint8_t>(value >> shift));
}

void BoxWriter::begin(std::string_view type) {
  open_.push_back(out_.size());
  u32(0);
  text(type);
}

void BoxWriter::begin_full(std::string_view type, uint8_t version, uint32_t flags) {
  begin(type);
  u32(uint32_t{version} << 24 | flags);
}

void BoxWriter::end() {
  const std::size_t begin = open_.back();
  open_.pop_back();
  patch_u32(begin, out_.size() - begin);
}

void BoxWriter::bytes(BytesView bytes) {
  out_.insert(out_.end(), bytes.begin(), bytes.end());
}

void BoxWriter::patch_u32(std::size_t offset, uint64_t value) {
  for (std::size_t i = 0; i < 4; ++i) out_[offset + i] = static_cast<uint8_t>(value >> (24 - 8 * i));
}

const char* name_of_audio(rtsp::Codec codec) {
  switch (codec) {
    case rtsp::Codec::pcm_alaw:
      return "pcm_alaw";
    case rtsp::Codec::pcm_mulaw:
      return "pcm_mulaw";
    case rtsp::Codec::aac:
      return "aac";
    default:
      return "";
  }
}

uint64_t to_ntp(WallTime wall) {
  constexpr int64_t kUnixInNtp = 2'208'988'800;  // seconds from 1900 to 1970
  constexpr int64_t kSecond = 1'000'000;
  const int64_t us = to_us(wall);
  const int64_t whole = us >= 0 ? us / kSecond : (us - kSecond + 1) / kSecond;
  const auto rest = static_cast<uint64_t>(us - whole * kSecond);
  const uint64_t fraction =
      ((rest << 32) + kSecond / 2) / kSecond;  // nearest: reading back rounds to the same µs
  return static_cast<uint64_t>(whole + kUnixInNtp) << 32 | fraction;
}

}  // namespace mj::capture
