#pragma once

#include <cstdint>
#include <vector>

#include "capture/agent/picture.h"

namespace mj::test {

/// A picture that a test draws pixel by pixel, 0xRRGGBB each, and hands to the encoder as a desktop would
/// (BGRx).
struct Drawing {
  Drawing(int w, int h, uint32_t rgb = 0)
      : width(w), height(h), pixels(static_cast<std::size_t>(w) * h, rgb) {}

  uint32_t& at(int x, int y) { return pixels[static_cast<std::size_t>(y) * width + x]; }
  void rectangle(int x, int y, int w, int h, uint32_t rgb);
  /// Something like a page of small text: strokes one pixel wide, coloured words.
  void text_like(uint32_t seed);
  /// The worst there is: every pixel by itself.
  void noise(uint32_t seed);

  /// Its pixels are the drawing's own: they follow it.
  [[nodiscard]] agent::Picture picture() const;

  int width, height;
  std::vector<uint32_t> pixels;
};

}  // namespace mj::test
