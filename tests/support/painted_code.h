#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "config/base/time.h"

/// Time and frame number written into pictures, so that a test can read from pixels what it is looking at.
///
/// With the picture's width W, a cell is W/80 pixels square; the code is 2 rows of 32 cells from (cell, cell)
/// on. White is 1, black is 0, most significant bit first: 44 bits of wall clock in ms since 1970, 16 bits of
/// frame counter, 4 bits of checksum (XOR of the 15 nibbles before it, XOR 0xA).
namespace mj::test {

/// A picture's brightness: 8 bits per pixel, `stride` bytes from row to row. Borrowed.
template <class Byte>
struct LumaPlane {
  Byte* data = nullptr;
  int width = 0;
  int height = 0;
  std::ptrdiff_t stride = 0;
};

struct PaintedCode {
  WallTime wall;  ///< whole milliseconds
  uint16_t frame = 0;
};

/// Paints the code. Pictures narrower than 160 pixels are left alone: their cells would not survive an
/// encoder.
void paint_code(const LumaPlane<uint8_t>& plane, const PaintedCode& code);

/// Nothing when the checksum is wrong, as in a picture without a code.
[[nodiscard]] std::optional<PaintedCode> read_code(const LumaPlane<const uint8_t>& plane);

/// Paints digits, '-', ':', '.' and 'Z' white on black, each 5 × 7 dots of `dot` pixels; other characters are
/// blanks.
void paint_text(const LumaPlane<uint8_t>& plane, int x, int y, int dot, std::string_view text);

}  // namespace mj::test
