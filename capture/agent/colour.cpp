#include "capture/agent/colour.h"

#include <algorithm>

namespace mj::agent {

namespace {

// In 1/65536; each row sums exactly to what grey needs: 65536 for luma, 0 for chroma.
constexpr int kHalf = 1 << 15;
constexpr int kMiddle = (128 << 16) + kHalf;

uint8_t luma(int r, int g, int b) {
  return static_cast<uint8_t>((13933 * r + 46871 * g + 4732 * b + kHalf) >> 16);
}
uint8_t blue_difference(int r, int g, int b) {
  return static_cast<uint8_t>(std::min((-7509 * r - 25259 * g + 32768 * b + kMiddle) >> 16, 255));
}
uint8_t red_difference(int r, int g, int b) {
  return static_cast<uint8_t>(std::min((32768 * r - 29763 * g - 3005 * b + kMiddle) >> 16, 255));
}

}  // namespace

void bgrx_to_yuv444(const uint8_t* bgrx, int width, uint8_t* y, uint8_t* u, uint8_t* v) {
  for (int i = 0; i < width; ++i) {
    const int b = bgrx[4 * i], g = bgrx[4 * i + 1], r = bgrx[4 * i + 2];
    y[i] = luma(r, g, b);
    u[i] = blue_difference(r, g, b);
    v[i] = red_difference(r, g, b);
  }
}

}  // namespace mj::agent
