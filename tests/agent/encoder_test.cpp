#include "capture/agent/encoder.h"

#include <gmock/gmock.h>

#include <random>

#include "tests/agent/drawn_picture.h"
#include "tests/agent/h264_decoder.h"

namespace mj::agent {
namespace {

using test::DecodedPicture;
using test::Drawing;
using test::H264Decoder;

std::unique_ptr<Encoder> encoder_for(const Drawing& drawing) {
  return std::move(*Encoder::create(drawing.picture()));
}

Tiles all_of(const Drawing& drawing) {
  return Changes().compare(drawing.picture());
}

EncodedPicture encode(Encoder& encoder, const Drawing& drawing, bool force_key = false) {
  auto encoded = encoder.encode(drawing.picture(), all_of(drawing), force_key);
  if (!encoded) throw std::runtime_error(encoded.error().message);
  return std::move(*encoded);
}

void expect_colour(const DecodedPicture& picture, int x, int y, uint32_t rgb) {
  const auto seen = picture.rgb(x, y);
  for (int i = 0; i < 3; ++i) {
    const int drawn = static_cast<int>(rgb >> (16 - 8 * i)) & 0xFF;
    EXPECT_NEAR(seen[static_cast<std::size_t>(i)], drawn, 1) << "channel " << i << " of " << std::hex << rgb;
  }
}

class RoundTrip : public testing::TestWithParam<std::pair<int, int>> {};

TEST_P(RoundTrip, GivesBackExactlyTheEncodersInput) {
  const auto [width, height] = GetParam();
  Drawing drawing(width, height);
  drawing.text_like(7);
  const auto encoder = encoder_for(drawing);
  std::unique_ptr<H264Decoder> decoder;
  const auto expect_exact = [&](const char* what) {
    const EncodedPicture encoded = encode(*encoder, drawing);
    if (!decoder) decoder = std::make_unique<H264Decoder>(encoded.avc_config);
    const DecodedPicture decoded = decoder->decode(encoded.access_unit);
    EXPECT_EQ(decoded.width, width);
    EXPECT_EQ(decoded.height, height);
    EXPECT_EQ(decoded.sha256, encoded.input_sha256) << what;
  };
  expect_exact("text");
  expect_exact("unchanged");
  drawing.at(width / 2, height / 2) ^= 0x010101;
  expect_exact("one pixel by one level");
  drawing.text_like(8);
  expect_exact("another page");
  drawing.noise(9);
  expect_exact("noise");
}

INSTANTIATE_TEST_SUITE_P(Sizes, RoundTrip,
                         testing::Values(std::pair(640, 480), std::pair(1366, 768), std::pair(641, 359),
                                         std::pair(17, 33)));

TEST(Encoder, NeverLosesAOnePixelEdit) {
  Drawing drawing(640, 360);
  drawing.text_like(1);
  const auto encoder = encoder_for(drawing);
  const EncodedPicture before = encode(*encoder, drawing);
  H264Decoder decoder(before.avc_config);
  (void)decoder.decode(before.access_unit);
  drawing.at(633, 351) = 0xC8102E;
  const EncodedPicture after = encode(*encoder, drawing);
  EXPECT_FALSE(after.key);
  EXPECT_NE(after.input_sha256, before.input_sha256);
  expect_colour(decoder.decode(after.access_unit), 633, 351, 0xC8102E);
}

TEST(Encoder, KeepsColoursWithinOneLevelInFullRangeBt709) {
  constexpr uint32_t kColours[] = {0x000000, 0xFFFFFF, 0xFF0000, 0x00FF00, 0x0000FF, 0xFFFF00,
                                   0x00FFFF, 0xFF00FF, 0x010101, 0xFEFEFE, 0x7F7F7F, 0x1F4E9E,
                                   0xC8102E, 0x336699, 0xFFF8E1, 0x0A0B0C};
  Drawing drawing(160, 16);
  for (int i = 0; i < 16; ++i) drawing.rectangle(i * 10, 0, 10, 16, kColours[i]);
  const auto encoder = encoder_for(drawing);
  const EncodedPicture encoded = encode(*encoder, drawing);
  const DecodedPicture decoded = H264Decoder(encoded.avc_config).decode(encoded.access_unit);
  EXPECT_TRUE(decoded.full_range);
  EXPECT_TRUE(decoded.bt709);
  for (int i = 0; i < 16; ++i) expect_colour(decoded, i * 10 + 5, 8, kColours[i]);
}

TEST(Encoder, ConvertsOnlyWhatChangedAndLosesNothing) {
  Drawing drawing(200, 130);
  drawing.text_like(1);
  const auto encoder = encoder_for(drawing);
  Changes changes;
  std::unique_ptr<H264Decoder> decoder;
  for (uint32_t i = 0; i < 8; ++i) {
    if (i > 0) drawing.rectangle(static_cast<int>(i * 23), static_cast<int>(i * 15), 9, 11, 0x10307 * i);
    const Tiles tiles = changes.compare(drawing.picture());
    if (i > 0) EXPECT_LT(tiles.count, 5);
    const auto encoded = encoder->encode(drawing.picture(), tiles, false);
    ASSERT_TRUE(encoded);
    changes.keep(drawing.picture(), tiles);
    if (!decoder) decoder = std::make_unique<H264Decoder>(encoded->avc_config);
    EXPECT_EQ(decoder->decode(encoded->access_unit).sha256, encoded->input_sha256);
    EXPECT_EQ(encode(*encoder_for(drawing), drawing).input_sha256, encoded->input_sha256)
        << "as a whole picture";
  }
}

TEST(Encoder, NearQualityIsSharpButNotTheSameBits) {
  Drawing drawing(320, 240);
  std::minstd_rand random(1);
  for (int y = 0; y < 240; ++y) {  // something like a photograph: soft, with grain
    for (int x = 0; x < 320; ++x)
      drawing.at(x, y) = 0x010101U * (static_cast<uint32_t>(x + y) / 3 + static_cast<uint32_t>(random()) % 6);
  }
  const auto near = std::move(*Encoder::create(drawing.picture(), Quality::near));
  const EncodedPicture encoded = encode(*near, drawing);
  EXPECT_LT(encoded.access_unit.size(), encode(*encoder_for(drawing), drawing).access_unit.size());
  const DecodedPicture decoded = H264Decoder(encoded.avc_config).decode(encoded.access_unit);
  EXPECT_NE(decoded.sha256, encoded.input_sha256);
  for (int y = 0; y < 240; y += 7) {
    for (int x = 0; x < 320; x += 7) {
      const auto seen = decoded.rgb(x, y);
      for (int i = 0; i < 3; ++i)
        EXPECT_NEAR(seen[static_cast<std::size_t>(i)],
                    static_cast<int>(drawing.at(x, y) >> (16 - 8 * i)) & 0xFF, 16);
    }
  }
}

TEST(Encoder, IsHigh444PredictiveWithFourByteLengths) {
  Drawing drawing(64, 64, 0x808080);
  const EncodedPicture encoded = encode(*encoder_for(drawing), drawing);
  ASSERT_GE(encoded.avc_config.size(), 7U);
  EXPECT_EQ(static_cast<uint8_t>(encoded.avc_config[0]), 1);
  EXPECT_EQ(static_cast<uint8_t>(encoded.avc_config[1]), 244) << "profile_idc, ITU-T H.264 A.2.11";
  EXPECT_EQ(static_cast<uint8_t>(encoded.avc_config[4]) & 3, 3) << "lengthSizeMinusOne";
}

TEST(Encoder, BeginsWithAKeyFrameAndMakesOthersOnlyWhenAsked) {
  Drawing drawing(320, 240);
  drawing.text_like(3);
  const auto encoder = encoder_for(drawing);
  EXPECT_TRUE(encode(*encoder, drawing).key);
  for (uint32_t i = 0; i < 5; ++i) {
    drawing.text_like(10 + i);
    EXPECT_FALSE(encode(*encoder, drawing).key) << "a new page is no reason";
  }
  const EncodedPicture key = encode(*encoder, drawing, true);
  EXPECT_TRUE(key.key);
  EXPECT_FALSE(encode(*encoder, drawing).key);
  EXPECT_TRUE(encode(*encoder, drawing, true).key);
}

TEST(Encoder, KeyFramesDecodeWithoutWhatCameBefore) {
  Drawing drawing(320, 240);
  drawing.text_like(3);
  const auto encoder = encoder_for(drawing);
  for (uint32_t i = 0; i < 3; ++i) {
    drawing.text_like(i);
    (void)encode(*encoder, drawing);
  }
  const EncodedPicture key = encode(*encoder, drawing, true);
  H264Decoder late(key.avc_config);
  EXPECT_EQ(late.decode(key.access_unit).sha256, key.input_sha256);
  drawing.at(0, 0) = 0x123456;
  const EncodedPicture next = encode(*encoder, drawing);
  EXPECT_EQ(late.decode(next.access_unit).sha256, next.input_sha256);
}

TEST(Encoder, SpendsNextToNothingOnAnUnchangedScreen) {
  Drawing drawing(1280, 720);
  drawing.text_like(5);
  const auto encoder = encoder_for(drawing);
  const std::size_t key_bytes = encode(*encoder, drawing).access_unit.size();
  const std::size_t same_bytes = encode(*encoder, drawing).access_unit.size();
  EXPECT_LT(same_bytes, 2000U);
  EXPECT_LT(same_bytes * 20, key_bytes);
}

TEST(Encoder, SaysWhichPicturesItTakes) {
  const Drawing small(64, 64), large(128, 64);
  const auto encoder = encoder_for(small);
  EXPECT_TRUE(encoder->fits(small.picture()));
  EXPECT_FALSE(encoder->fits(large.picture()));
  EXPECT_FALSE(encoder->encode(large.picture(), all_of(large), false));
  EXPECT_TRUE(encoder->encode(small.picture(), all_of(small), false));
}

}  // namespace
}  // namespace mj::agent
