#include <gtest/gtest.h>

#include "capture/rtsp/h264_syntax.h"
#include "capture/rtsp/h265_syntax.h"
#include "tests/capture/rtsp/packets.h"

namespace mj::capture::rtsp {
namespace {

using namespace mj::test;

TEST(H264Sps, TellsPictureAndReordering) {
  const auto hd = parse_h264_sps(from_hex(h264::kSps1080));
  ASSERT_TRUE(hd);
  EXPECT_EQ(hd->width, 1920);
  EXPECT_EQ(hd->height, 1080);
  EXPECT_EQ(hd->reorder_depth, 0);
  const auto b = parse_h264_sps(from_hex(h264::kSps360B));
  ASSERT_TRUE(b);
  EXPECT_EQ(b->width, 640);
  EXPECT_EQ(b->height, 360);
  EXPECT_GE(b->reorder_depth, 1);
  const auto baseline = parse_h264_sps(from_hex(h264::kSps240));
  ASSERT_TRUE(baseline);
  EXPECT_EQ(baseline->width, 320);
  EXPECT_EQ(baseline->profile, 66);
}

TEST(H264Sps, RefusesEveryTruncationUpToThePictureSize) {
  const Bytes whole = from_hex(h264::kSps1080);
  for (std::size_t size = 0; size < 10; ++size)
    EXPECT_FALSE(parse_h264_sps(BytesView(whole).first(size))) << size;
}

/// ue(v), as text of zeros and ones (§9.1).
std::string ue(uint32_t value) {
  std::string code;
  for (uint32_t rest = value + 1; rest > 0; rest /= 2) code.insert(code.begin(), rest % 2 == 1 ? '1' : '0');
  return std::string(code.size() - 1, '0') + code;
}

/// A baseline SPS of so many macroblocks.
Bytes baseline_sps(uint32_t width, uint32_t height) {
  // id, frame number, order type 2, references, no gaps, size, frames only, no crop, no VUI, stop bit
  std::string bits =
      ue(0) + ue(0) + ue(2) + ue(1) + "0" + ue(width - 1) + ue(height - 1) + "1" + "1" + "0" + "0" + "1";
  Bytes nal{0x67, 66, 0xC0, 40};
  while (bits.size() % 8 != 0) bits += '0';
  for (std::size_t i = 0; i < bits.size(); i += 8) {
    nal.push_back(static_cast<uint8_t>(std::stoi(bits.substr(i, 8), nullptr, 2)));
  }
  return nal;
}

TEST(H264Sps, RefusesPicturesBeyond64Megapixels) {
  ASSERT_TRUE(parse_h264_sps(baseline_sps(120, 68)));
  EXPECT_EQ(parse_h264_sps(baseline_sps(120, 68))->height, 1088);
  EXPECT_TRUE(parse_h264_sps(baseline_sps(500, 499)));
  EXPECT_FALSE(parse_h264_sps(baseline_sps(501, 500)));
  EXPECT_FALSE(parse_h264_sps(baseline_sps(1024, 1024)));
  EXPECT_FALSE(parse_h264_sps(baseline_sps(0x1000'0000, 1)));
}

TEST(H264Syntax, WritesAConfigurationRecord) {
  H264Syntax syntax;
  EXPECT_EQ(syntax.config(), nullptr);
  syntax.learn(from_hex(h264::kSps1080));
  EXPECT_EQ(syntax.config(), nullptr);
  syntax.learn(from_hex(h264::kPps1080));
  const auto config = syntax.config();
  ASSERT_TRUE(config);
  EXPECT_EQ(to_hex(config->record),
            "014d4028ffe1001a" + std::string(h264::kSps1080) + "010005" + std::string(h264::kPps1080));
}

TEST(H264Syntax, AddsChromaFactsForHighProfiles) {
  H264Syntax syntax;
  syntax.learn(from_hex(h264::kSps360B));
  syntax.learn(from_hex(h264::kPps360B));
  const std::string hex = to_hex(syntax.config()->record);
  EXPECT_EQ(hex.substr(hex.size() - 8), "fdf8f800");
}

TEST(H264Syntax, IgnoresTrailingZerosAndNonsense) {
  H264Syntax syntax;
  syntax.learn(join({from_hex(h264::kSps1080), Bytes(3, 0)}));
  syntax.learn(from_hex(h264::kPps1080));
  const auto before = syntax.config();
  syntax.learn(from_hex("67"));
  syntax.learn(from_hex("67ffffffff"));
  syntax.learn(from_hex("68"));
  syntax.learn(Bytes(5000, 0x67));
  syntax.learn(from_hex(h264::kSps1080));
  EXPECT_EQ(syntax.config(), before);
  EXPECT_EQ(before->record.size(), 42U);
}

TEST(H264Syntax, BoundsTheNumberOfSets) {
  H264Syntax syntax;
  syntax.learn(from_hex(h264::kSps1080));
  for (int id = 0; id < 256; ++id) {
    // ue(id) as 17 bits: 8 zeros, then id + 1 in 9 bits (for 255 ≤ id + 1 < 512, shorter codes are as good)
    const int code = id + 1;
    const int length = 32 - __builtin_clz(static_cast<unsigned>(code));
    const uint32_t bits = static_cast<uint32_t>(code) << (32 - (2 * length - 1)) | 1U;
    Bytes pps{0x68};
    for (int shift = 24; shift >= 0; shift -= 8) pps.push_back(static_cast<uint8_t>(bits >> shift));
    syntax.learn(pps);
  }
  ASSERT_TRUE(syntax.config());
  EXPECT_LT(syntax.config()->record.size(), 200U);
}

TEST(H265Sps, TellsPictureAndReordering) {
  const auto hd = parse_h265_sps(from_hex(h265::kSps1080));
  ASSERT_TRUE(hd);
  EXPECT_EQ(hd->width, 1920);
  EXPECT_EQ(hd->height, 1080);
  EXPECT_EQ(hd->reorder_depth, 0);
  const auto b = parse_h265_sps(from_hex(h265::kSps360B));
  ASSERT_TRUE(b);
  EXPECT_EQ(b->width, 640);
  EXPECT_EQ(b->height, 360);
  EXPECT_GE(b->reorder_depth, 1);
}

/// A main profile SPS of so many pixels.
Bytes h265_sps(uint32_t width, uint32_t height) {
  // id, chroma 4:2:0, size, no crop, bit depths, order count, one layer's buffering, stop bits
  std::string bits = ue(0) + ue(1) + ue(width) + ue(height) + "0" + ue(0) + ue(0) + ue(0) + "1" + ue(1) +
                     ue(0) + ue(0) + "11111111";
  Bytes nal{0x42, 0x01, 0x01};
  nal.insert(nal.end(), 12, 0x11);  // profile, tier, level
  while (bits.size() % 8 != 0) bits += '0';
  for (std::size_t i = 0; i < bits.size(); i += 8) {
    nal.push_back(static_cast<uint8_t>(std::stoi(bits.substr(i, 8), nullptr, 2)));
  }
  return nal;
}

TEST(H265Sps, RefusesPicturesBeyond64Megapixels) {
  ASSERT_TRUE(parse_h265_sps(h265_sps(1920, 1088)));
  EXPECT_EQ(parse_h265_sps(h265_sps(1920, 1088))->height, 1088);
  EXPECT_TRUE(parse_h265_sps(h265_sps(8000, 8000)));
  EXPECT_FALSE(parse_h265_sps(h265_sps(8008, 8000)));
  EXPECT_FALSE(parse_h265_sps(h265_sps(16384, 16384)));
  EXPECT_FALSE(parse_h265_sps(h265_sps(0x1000'0000, 8)));
}

TEST(H265Sps, RefusesEveryTruncationUpToThePictureSize) {
  const Bytes whole = from_hex(h265::kSps1080);
  for (std::size_t size = 0; size < 22; ++size)
    EXPECT_FALSE(parse_h265_sps(BytesView(whole).first(size))) << size;
}

TEST(H265Syntax, WritesAConfigurationRecordWithAndWithoutVps) {
  for (const bool vps : {true, false}) {
    H265Syntax syntax;
    if (vps) syntax.learn(from_hex(h265::kVps));
    syntax.learn(from_hex(h265::kSps1080));
    syntax.learn(from_hex(h265::kPps));
    const auto config = syntax.config();
    ASSERT_TRUE(config);
    const std::string hex = to_hex(config->record);
    EXPECT_EQ(hex.substr(0, 46),
              std::string("01016000000090000000000078f000fcfdf8f800000f") + (vps ? "03" : "02"));
    EXPECT_NE(hex.find(h265::kSps1080), std::string::npos);
  }
}

TEST(NalSyntax, KnowsPicturesFromTheRest) {
  H264Syntax avc;
  EXPECT_EQ(avc.kind(h264::slice(true)), NalSyntax::Kind::key_picture);
  EXPECT_EQ(avc.kind(h264::slice(false)), NalSyntax::Kind::picture);
  EXPECT_EQ(avc.kind(from_hex(h264::kPps1080)), NalSyntax::Kind::parameters);
  EXPECT_EQ(avc.kind(from_hex("0610")), NalSyntax::Kind::other);
  EXPECT_EQ(avc.kind({}), NalSyntax::Kind::other);
  EXPECT_TRUE(avc.begins_picture(h264::slice(true)));
  EXPECT_FALSE(avc.begins_picture(h264::slice(true, 40, false)));
  H265Syntax hevc;
  EXPECT_EQ(hevc.kind(h265::slice(true)), NalSyntax::Kind::key_picture);
  EXPECT_EQ(hevc.kind(h265::slice(false)), NalSyntax::Kind::picture);
  EXPECT_EQ(hevc.kind(from_hex(h265::kVps)), NalSyntax::Kind::parameters);
  EXPECT_EQ(hevc.kind(from_hex("4e01")), NalSyntax::Kind::other);
  EXPECT_EQ(hevc.kind({}), NalSyntax::Kind::other);
}

}  // namespace
}  // namespace mj::capture::rtsp
