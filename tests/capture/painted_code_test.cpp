#include "tests/support/painted_code.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "config/config.h"

namespace mj::test {
namespace {

struct Page {
  explicit Page(int width, int height)
      : bytes(static_cast<std::size_t>(width * height), 90), w(width), h(height) {}
  [[nodiscard]] LumaPlane<uint8_t> plane() { return {bytes.data(), w, h, w}; }
  [[nodiscard]] LumaPlane<const uint8_t> seen() const { return {bytes.data(), w, h, w}; }

  Bytes bytes;
  int w, h;
};

TEST(PaintedCodeTest, ReadsWhatWasPainted) {
  for (const auto& [width, height] : {std::pair{1280, 720}, {640, 360}, {320, 180}, {1920, 1080}}) {
    Page page(width, height);
    const PaintedCode code{from_us(1'795'301'668'715'000), 54'321};
    paint_code(page.plane(), code);
    const auto read = read_code(page.seen());
    ASSERT_TRUE(read) << width;
    EXPECT_EQ(read->wall, code.wall);
    EXPECT_EQ(read->frame, code.frame);
  }
}

TEST(PaintedCodeTest, NoiseOfAnEncoderIsBorne) {
  Page page(640, 360);
  paint_code(page.plane(), {from_us(1'795'301'668'715'000), 7});
  std::mt19937 random(5);
  for (uint8_t& luma : page.bytes)
    luma = static_cast<uint8_t>(std::clamp<int>(luma + static_cast<int>(random() % 121) - 60, 0, 255));
  EXPECT_TRUE(read_code(page.seen()));
}

TEST(PaintedCodeTest, APictureWithoutOneIsUnreadable) {
  EXPECT_FALSE(read_code(Page(1280, 720).seen()));
  EXPECT_FALSE(read_code(Page(100, 80).seen()));
  Page page(1280, 720);
  paint_code(page.plane(), {from_us(1'795'301'668'715'000), 7});
  for (int row = 16; row < 32; ++row) {
    for (int column = 32; column < 48; ++column)
      page.bytes[static_cast<std::size_t>(row * 1280 + column)] ^= 0xFF;
  }
  EXPECT_FALSE(read_code(page.seen())) << "one cell turned over";
}

}  // namespace
}  // namespace mj::test
