#include "tests/agent/drawn_picture.h"

#include <bit>
#include <random>

namespace mj::test {

void Drawing::rectangle(int x, int y, int w, int h, uint32_t rgb) {
  for (int row = y; row < y + h; ++row) {
    for (int column = x; column < x + w; ++column) at(column, row) = rgb;
  }
}

void Drawing::text_like(uint32_t seed) {
  std::minstd_rand random(seed);
  constexpr uint32_t kInks[] = {0x000000, 0x1F4E9E, 0xC8102E, 0x333333};
  rectangle(0, 0, width, height, 0xFFFFFF);
  for (int y = 2; y + 12 < height; y += 16) {
    for (int x = 2; x + 10 < width; x += 11) {
      const uint32_t ink = kInks[random() % 4];
      for (int stroke = 0; stroke < 4; ++stroke) {
        const int offset = static_cast<int>(random() % 9);
        if (random() % 2 == 0) {
          rectangle(x + offset, y, 1, 12, ink);
        } else {
          rectangle(x, y + offset, 10, 1, ink);
        }
      }
    }
  }
}

void Drawing::noise(uint32_t seed) {
  std::minstd_rand random(seed);
  for (uint32_t& pixel : pixels) pixel = static_cast<uint32_t>(random()) & 0xFFFFFF;
}

agent::Picture Drawing::picture() const {
  static_assert(std::endian::native == std::endian::little, "0xRRGGBB is B, G, R, x in memory");
  agent::Picture picture;
  picture.pixels = reinterpret_cast<const uint8_t*>(pixels.data());
  picture.stride = std::ptrdiff_t{4} * width;
  picture.width = width;
  picture.height = height;
  return picture;
}

}  // namespace mj::test
