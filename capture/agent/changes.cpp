#include "capture/agent/changes.h"

#include <algorithm>
#include <cstring>

namespace mj::agent {

namespace {

constexpr std::size_t kPixelBytes = 4;

/// Pixels are equal when blue, green and red are; the fourth byte means nothing and some drivers write there.
bool same_colours(const uint8_t* a, const uint8_t* b, std::size_t pixels) {
  uint32_t difference = 0;
  for (std::size_t i = 0; i < pixels; ++i) {
    uint32_t left = 0, right = 0;
    std::memcpy(&left, a + i * kPixelBytes, kPixelBytes);
    std::memcpy(&right, b + i * kPixelBytes, kPixelBytes);
    difference |= left ^ right;
  }
  return (difference & 0x00FF'FFFF) == 0;
}

}  // namespace

Tiles Changes::compare(const Picture& picture) const {
  Tiles tiles;
  tiles.columns = (picture.width + Tiles::kSide - 1) / Tiles::kSide;
  tiles.rows = (picture.height + Tiles::kSide - 1) / Tiles::kSide;
  const bool comparable = picture.width == width_ && picture.height == height_;
  tiles.changed.assign(static_cast<std::size_t>(tiles.columns) * tiles.rows, comparable ? 0 : 1);
  const std::size_t row_bytes = picture.width * kPixelBytes;
  for (int y = 0; comparable && y < picture.height; ++y) {
    const uint8_t* now = picture.row(y);
    const uint8_t* before = last_.data() + row_bytes * y;
    if (std::memcmp(now, before, row_bytes) == 0) continue;
    uint8_t* changed = tiles.changed.data() + static_cast<std::size_t>(y / Tiles::kSide) * tiles.columns;
    for (int column = 0; column < tiles.columns; ++column) {
      if (changed[column] != 0) continue;
      const std::size_t offset = column * Tiles::kSide * kPixelBytes;
      const auto pixels =
          static_cast<std::size_t>(std::min(Tiles::kSide, picture.width - column * Tiles::kSide));
      if (!same_colours(now + offset, before + offset, pixels)) changed[column] = 1;
    }
  }
  tiles.count = static_cast<int>(std::ranges::count(tiles.changed, 1));
  return tiles;
}

void Changes::keep(const Picture& picture, const Tiles& tiles) {
  const std::size_t row_bytes = picture.width * kPixelBytes;
  width_ = picture.width;
  height_ = picture.height;
  last_.resize(row_bytes * height_);
  for (int y = 0; y < height_; ++y) {
    const int row = y / Tiles::kSide;
    for (int column = 0; column < tiles.columns; ++column) {
      if (!tiles.at(column, row)) continue;
      const std::size_t offset = column * Tiles::kSide * kPixelBytes;
      const std::size_t bytes = std::min(Tiles::kSide * kPixelBytes, row_bytes - offset);
      std::memcpy(last_.data() + row_bytes * y + offset, picture.row(y) + offset, bytes);
    }
  }
}

}  // namespace mj::agent
