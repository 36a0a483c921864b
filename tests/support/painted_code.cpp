#include "tests/support/painted_code.h"

#include <algorithm>
#include <array>
#include <string>

namespace mj::test {
namespace {

constexpr int kColumns = 32;
constexpr int kBits = 64;
constexpr uint8_t kWhite = 235;
constexpr uint8_t kBlack = 16;
constexpr int kSmallestWidth = 160;

int cell_size(int width) {
  return width / 80;
}

uint64_t checksum(uint64_t bits_without_it) {
  uint64_t sum = 0xA;
  for (int nibble = 0; nibble < 15; ++nibble) sum ^= (bits_without_it >> (4 * nibble)) & 0xF;
  return sum;
}

void fill(const LumaPlane<uint8_t>& plane, int x, int y, int width, int height, uint8_t luma) {
  const int right = std::min(x + width, plane.width);
  const int bottom = std::min(y + height, plane.height);
  for (int row = std::max(y, 0); row < bottom; ++row) {
    uint8_t* line = plane.data + row * plane.stride;
    std::fill(line + std::max(x, 0), line + std::max(right, 0), luma);
  }
}

/// The middle half of a cell, where neighbours do not bleed in.
bool is_white(const LumaPlane<const uint8_t>& plane, int x, int y, int cell) {
  const int margin = cell / 4;
  int sum = 0;
  int count = 0;
  for (int row = y + margin; row < y + cell - margin; ++row) {
    for (int column = x + margin; column < x + cell - margin; ++column) {
      sum += plane.data[row * plane.stride + column];
      ++count;
    }
  }
  return sum >= 128 * count;
}

struct Glyph {
  char character;
  std::array<uint8_t, 7> rows;  // 5 dots each, the leftmost in bit 4
};

constexpr std::array<Glyph, 14> kFont{{
    {'0', {0x0E, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0E}},
    {'1', {0x04, 0x0C, 0x04, 0x04, 0x04, 0x04, 0x0E}},
    {'2', {0x0E, 0x11, 0x01, 0x02, 0x04, 0x08, 0x1F}},
    {'3', {0x1F, 0x02, 0x04, 0x02, 0x01, 0x11, 0x0E}},
    {'4', {0x02, 0x06, 0x0A, 0x12, 0x1F, 0x02, 0x02}},
    {'5', {0x1F, 0x10, 0x1E, 0x01, 0x01, 0x11, 0x0E}},
    {'6', {0x06, 0x08, 0x10, 0x1E, 0x11, 0x11, 0x0E}},
    {'7', {0x1F, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08}},
    {'8', {0x0E, 0x11, 0x11, 0x0E, 0x11, 0x11, 0x0E}},
    {'9', {0x0E, 0x11, 0x11, 0x0F, 0x01, 0x02, 0x0C}},
    {'-', {0x00, 0x00, 0x00, 0x1F, 0x00, 0x00, 0x00}},
    {':', {0x00, 0x0C, 0x0C, 0x00, 0x0C, 0x0C, 0x00}},
    {'.', {0x00, 0x00, 0x00, 0x00, 0x00, 0x0C, 0x0C}},
    {'Z', {0x1F, 0x01, 0x02, 0x04, 0x08, 0x10, 0x1F}},
}};

}  // namespace

void paint_code(const LumaPlane<uint8_t>& plane, const PaintedCode& code) {
  if (plane.width < kSmallestWidth) return;
  const auto wall_ms = static_cast<uint64_t>(to_us(code.wall) / 1000) & ((1ULL << 44) - 1);
  const uint64_t payload = wall_ms << 16 | code.frame;
  const uint64_t bits = payload << 4 | checksum(payload);
  const int cell = cell_size(plane.width);
  for (int bit = 0; bit < kBits; ++bit) {
    const bool white = (bits >> (kBits - 1 - bit)) & 1;
    fill(plane, cell * (1 + bit % kColumns), cell * (1 + bit / kColumns), cell, cell,
         white ? kWhite : kBlack);
  }
}

std::optional<PaintedCode> read_code(const LumaPlane<const uint8_t>& plane) {
  const int cell = cell_size(plane.width);
  if (plane.width < kSmallestWidth || plane.height < 3 * cell) return std::nullopt;
  uint64_t bits = 0;
  for (int bit = 0; bit < kBits; ++bit) {
    const bool white = is_white(plane, cell * (1 + bit % kColumns), cell * (1 + bit / kColumns), cell);
    bits = bits << 1 | (white ? 1U : 0U);
  }
  const uint64_t payload = bits >> 4;
  if (checksum(payload) != (bits & 0xF)) return std::nullopt;
  const auto wall_ms = static_cast<int64_t>(payload >> 16);
  return PaintedCode{from_us(wall_ms * 1000), static_cast<uint16_t>(payload & 0xFFFF)};
}

void paint_text(const LumaPlane<uint8_t>& plane, int x, int y, int dot, std::string_view text) {
  fill(plane, x - dot, y - dot, static_cast<int>(text.size()) * 6 * dot + dot, 9 * dot, kBlack);
  for (const char character : text) {
    const auto* glyph = std::find_if(kFont.begin(), kFont.end(),
                                     [character](const Glyph& g) { return g.character == character; });
    for (int row = 0; glyph != kFont.end() && row < 7; ++row) {
      for (int column = 0; column < 5; ++column) {
        if ((glyph->rows[static_cast<std::size_t>(row)] >> (4 - column)) & 1) {
          fill(plane, x + column * dot, y + row * dot, dot, dot, kWhite);
        }
      }
    }
    x += 6 * dot;
  }
}

}  // namespace mj::test
