#include "capture/picture_watch.h"

#include <algorithm>
#include <functional>

namespace mj::capture {
namespace {

constexpr int kInARow = 6;
constexpr std::size_t kEnough = 16;  // before "usual" means anything
constexpr std::size_t kMost = 64;
constexpr std::size_t kSmall = 8;  // times smaller than the median

/// Is a NAL unit part of a picture (ITU-T H.264 table 7-1, H.265 table 7-1)? Times in SEI change always.
bool is_picture(uint8_t first, rtsp::Codec codec) {
  if (codec == rtsp::Codec::h265) return (first >> 1 & 0x3F) < 32;
  return (first & 0x1F) >= 1 && (first & 0x1F) <= 5;
}

struct Picture {
  std::size_t bytes = 0;
  std::size_t hash = 0;
};

/// Of the second half of each slice: the head of a slice has numbers that change.
Picture look_at(BytesView unit, rtsp::Codec codec) {
  Picture picture;
  while (unit.size() > 4) {
    const std::size_t size = std::size_t{unit[0]} << 24 | std::size_t{unit[1]} << 16 |
                             std::size_t{unit[2]} << 8 | std::size_t{unit[3]};
    if (size == 0 || size > unit.size() - 4) break;
    const BytesView nal = unit.subspan(4, size);
    if (is_picture(nal[0], codec)) {
      picture.bytes += size;
      const std::size_t hash = std::hash<std::string_view>{}(as_text(nal.last((size + 1) / 2)));
      picture.hash = picture.hash * 31 + hash;
    }
    unit = unit.subspan(4 + size);
  }
  return picture;
}

}  // namespace

const char* name(Look look) {
  switch (look) {
    case Look::usual:
      return "usual";
    case Look::frozen:
      return "frozen";
    case Look::dark:
      return "dark";
  }
  return "usual";
}

Look PictureWatch::on_key(BytesView unit, rtsp::Codec codec) {
  const Picture picture = look_at(unit, codec);
  if (picture.bytes == 0) return look_;
  note_hash(picture.hash);
  note_size(picture.bytes);
  look_ = same_ >= kInARow ? Look::frozen : Look::usual;
  if (small_ >= kInARow) look_ = Look::dark;  // black pictures are often all the same, too
  return look_;
}

void PictureWatch::note_hash(std::size_t hash) {
  const bool seen = std::ranges::find(hashes_, hash) != hashes_.end();
  same_ = seen ? same_ + 1 : 0;
  if (!seen) hashes_[next_hash_++ % kRemembered] = hash;
}

void PictureWatch::note_size(std::size_t bytes) {
  std::size_t median = 0;
  if (usual_.size() >= kEnough) {
    std::vector<std::size_t> sorted = usual_;
    const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
    std::ranges::nth_element(sorted, middle);
    median = *middle;
  }
  const bool small = bytes * kSmall < median;
  small_ = small ? small_ + 1 : 0;
  if (small) return;
  if (usual_.size() < kMost) {
    usual_.push_back(bytes);
  } else {
    usual_[next_usual_++ % kMost] = bytes;
  }
}

}  // namespace mj::capture
