#include "capture/rtsp/depacketizer.h"

#include <gtest/gtest.h>

#include "tests/capture/rtsp/packets.h"

namespace mj::capture::rtsp {
namespace {

using namespace mj::test;

struct H264 {
  UnitLog log;
  std::unique_ptr<Depacketizer> depacketizer;
  Sender sender;
  explicit H264(std::initializer_list<std::string_view> sets = {h264::kSps1080, h264::kPps1080})
      : depacketizer(make_depacketizer(video_track(Codec::h264, sets), log)), sender(*depacketizer) {}
  Sender* operator->() { return &sender; }
};

const Bytes kKey = h264::slice(true);
const Bytes kInter = h264::slice(false);

TEST(DepacketizerH264, MakesUnitsOfSinglePackets) {
  H264 h;
  h->at(1000).send(from_hex(h264::kSps1080)).send(from_hex(h264::kPps1080)).send(kKey, true);
  h->at(4600).send(kInter, true);
  ASSERT_EQ(h.log.units.size(), 2U);
  EXPECT_EQ(h.log.nals(0), (std::vector<Bytes>{from_hex(h264::kSps1080), from_hex(h264::kPps1080), kKey}));
  EXPECT_TRUE(h.log.units[0].unit.key);
  EXPECT_FALSE(h.log.units[0].unit.after_gap);
  EXPECT_EQ(h.log.units[1].unit.rtp_time, 4600U);
  EXPECT_FALSE(h.log.units[1].unit.key);
  EXPECT_EQ(h.log.units[0].unit.config->width, 1920);
}

TEST(DepacketizerH264, TakesAggregatesApart) {
  H264 h({});
  h->send(stap_a({from_hex(h264::kSps1080), from_hex(h264::kPps1080), kKey}), true);
  ASSERT_EQ(h.log.units.size(), 1U);
  EXPECT_EQ(h.log.nals(0).size(), 3U);
  EXPECT_EQ(h.log.nals(0)[2], kKey);
}

TEST(DepacketizerH264, JoinsFragments) {
  for (const std::size_t count : {2U, 3U, 17U}) {
    H264 h;
    const Bytes big = h264::slice(true, 5000);
    const auto parts = fu_a(big, count);
    for (std::size_t i = 0; i < parts.size(); ++i) h->send(parts[i], i + 1 == parts.size());
    ASSERT_EQ(h.log.units.size(), 1U);
    EXPECT_EQ(h.log.nals(0), std::vector<Bytes>{big});
  }
}

TEST(DepacketizerH264, EndsAUnitWhenTheTimeChangesWithoutMarker) {
  H264 h;
  h->at(1000).send(kKey).at(4600).send(kInter).at(8200).send(kInter);
  EXPECT_EQ(h.log.units.size(), 2U);
  h.depacketizer->flush();
  EXPECT_EQ(h.log.units.size(), 3U);
}

TEST(DepacketizerH264, EndsAFragmentedUnitWhoseEndBitIsMissing) {
  H264 h;
  auto parts = fu_a(h264::slice(true, 300), 3);
  parts[2][1] &= 0xBF;
  for (const auto& part : parts) h->send(part);
  h->at(4600).send(kInter, true);
  ASSERT_EQ(h.log.units.size(), 2U);
  EXPECT_EQ(h.log.nals(0), std::vector<Bytes>{h264::slice(true, 300)});
}

TEST(DepacketizerH264, KeepsSlicesOfOnePictureTogether) {
  H264 h;
  const Bytes second = h264::slice(true, 40, false);
  h->send(kKey).send(second, true);
  ASSERT_EQ(h.log.units.size(), 1U);
  EXPECT_EQ(h.log.nals(0).size(), 2U);
}

TEST(DepacketizerH264, LearnsThatMarkersStandOnEverySlice) {
  H264 h;
  const Bytes second = h264::slice(false, 40, false);
  h->at(1000).send(kKey, true);
  for (uint32_t time = 4600; time < 4600 + 10 * 3600; time += 3600)
    h->at(time).send(kInter, true).send(second, true);
  h.depacketizer->flush();
  EXPECT_LE(h.log.units.size(), 12U);
  EXPECT_EQ(h.log.nals(h.log.units.size() - 1).size(), 2U);
}

TEST(DepacketizerH264, DropsUntilKeyFrameAfterLoss) {
  H264 h;
  h->at(0).send(kKey, true).at(3600).send(kInter, true);
  h->lose().at(7200).send(kInter, true).at(10800).send(kInter, true).at(14400).send(kKey, true);
  ASSERT_EQ(h.log.units.size(), 3U);
  EXPECT_TRUE(h.log.units[2].unit.key);
  EXPECT_TRUE(h.log.units[2].unit.after_gap);
  EXPECT_EQ(h.depacketizer->counts().dropped_units, 2U);
}

TEST(DepacketizerH264, DropsAUnitThatLostItsMiddle) {
  H264 h;
  const auto parts = fu_a(h264::slice(true, 5000), 5);
  h->send(parts[0]).lose().send(parts[2]).send(parts[3]).send(parts[4], true);
  EXPECT_TRUE(h.log.units.empty());
  EXPECT_TRUE(h.log.payload().empty());
  h->at(3600).send(kKey, true);
  ASSERT_EQ(h.log.units.size(), 1U);
  EXPECT_EQ(h.log.nals(0), std::vector<Bytes>{kKey});
}

TEST(DepacketizerH264, DropsAUnitThatTheConnectionsEndCutsShort) {
  H264 h;
  const Bytes begin = fu_a(h264::slice(true, 300), 2).front();  // of two slices, none with its end bit
  h->send(begin).send(begin);
  h.depacketizer->flush();
  EXPECT_TRUE(h.log.units.empty());
  EXPECT_TRUE(h.log.payload().empty());
  EXPECT_EQ(h.depacketizer->counts().dropped_units, 1U);
}

TEST(DepacketizerH264, DropsAKeyPictureThatLostItsFirstSlice) {
  H264 h;
  h->lose().send(h264::slice(true, 40, false), true);
  EXPECT_TRUE(h.log.units.empty());
}

TEST(DepacketizerH264, IgnoresAFragmentWithoutItsBeginning) {
  H264 h;
  const auto parts = fu_a(h264::slice(true, 500), 3);
  h->send(parts[1]).send(parts[2], true);
  EXPECT_TRUE(h.log.units.empty());
  EXPECT_EQ(h.depacketizer->counts().malformed_packets, 2U);
}

TEST(DepacketizerH264, ReplacesAConfigurationAtTheKeyPictureOnly) {
  H264 h;
  h->at(0).send(kKey, true);
  h->at(3600).send(from_hex(h264::kSps360B)).send(from_hex(h264::kPps360B)).send(kInter, true);
  h->at(7200).send(kKey, true);
  ASSERT_EQ(h.log.units.size(), 3U);
  EXPECT_EQ(h.log.units[0].unit.config, h.log.units[1].unit.config);
  EXPECT_EQ(h.log.units[2].unit.config->width, 640);
}

TEST(DepacketizerH264, KeepsOneConfigurationWhileTheSetsAreRepeated) {
  H264 h;
  for (uint32_t i = 0; i < 3; ++i) {
    h->at(i * 3600).send(from_hex(h264::kSps1080)).send(from_hex(h264::kPps1080)).send(kKey, true);
  }
  ASSERT_EQ(h.log.units.size(), 3U);
  EXPECT_EQ(h.log.units[0].unit.config, h.log.units[2].unit.config);
}

TEST(DepacketizerH264, WaitsForParameterSets) {
  H264 h({});
  h->at(0).send(kKey, true);
  EXPECT_TRUE(h.log.units.empty());
  h->at(3600).send(from_hex(h264::kSps1080)).send(from_hex(h264::kPps1080)).send(kKey, true);
  EXPECT_EQ(h.log.units.size(), 1U);
}

TEST(DepacketizerH264, AcceptsARecoveryPointAsKey) {
  H264 h;
  const Bytes recovery = from_hex("0606018480");  // recovery_point, one byte: frame count 0, exact
  h->send(recovery).send(h264::slice(false, 40, true, true), true);
  ASSERT_EQ(h.log.units.size(), 1U);
  EXPECT_TRUE(h.log.units[0].unit.key);
}

TEST(DepacketizerH264, DropsAUnitBeyondTheLimit) {
  H264 h;
  const auto parts = fu_a(h264::slice(true, 60'000), 2);
  h->send(parts[0]);
  Bytes middle = parts[0];
  middle[1] &= 0x7F;
  for (int i = 0; i < 200; ++i) h->send(middle);
  EXPECT_LE(h.log.payload().size(), kMaxUnitBytes);
  h->send(parts[1], true);
  EXPECT_TRUE(h.log.units.empty());
  h->at(3600).send(kKey, true);
  EXPECT_EQ(h.log.units.size(), 1U);
}

TEST(DepacketizerH264, KeepsNoEndlessSei) {
  H264 h;
  Bytes sei(1000, 0x55);
  sei[0] = 6;
  for (int i = 0; i < 10'000; ++i) h->at(static_cast<uint32_t>(i)).send(sei, true);
  EXPECT_LT(h.log.payload().size(), 100'000U);
}

struct H265 {
  UnitLog log;
  std::unique_ptr<Depacketizer> depacketizer;
  Sender sender;
  explicit H265(std::initializer_list<std::string_view> sets = {h265::kVps, h265::kSps1080, h265::kPps})
      : depacketizer(make_depacketizer(video_track(Codec::h265, sets), log)), sender(*depacketizer) {}
  Sender* operator->() { return &sender; }
};

TEST(DepacketizerH265, MakesUnitsOfSinglePackets) {
  H265 h;
  h->at(0).send(h265::slice(true), true).at(3600).send(h265::slice(false), true);
  ASSERT_EQ(h.log.units.size(), 2U);
  EXPECT_TRUE(h.log.units[0].unit.key);
  EXPECT_FALSE(h.log.units[1].unit.key);
  EXPECT_EQ(h.log.units[0].unit.config->width, 1920);
  EXPECT_EQ(h.log.units[0].unit.config->height, 1080);
}

TEST(DepacketizerH265, TakesAggregatesApart) {
  H265 h({});
  Bytes aggregate{48 << 1, 1};
  for (const auto hex : {h265::kVps, h265::kSps1080, h265::kPps}) {
    const Bytes nal = from_hex(hex);
    aggregate.push_back(0);
    aggregate.push_back(static_cast<uint8_t>(nal.size()));
    aggregate.insert(aggregate.end(), nal.begin(), nal.end());
  }
  h->send(aggregate).send(h265::slice(true), true);
  ASSERT_EQ(h.log.units.size(), 1U);
  EXPECT_EQ(h.log.nals(0).size(), 4U);
}

TEST(DepacketizerH265, JoinsFragmentsAndDropsAfterLoss) {
  H265 h;
  const Bytes big = h265::slice(true, 4000);
  for (const auto& part : fu_h265(big, 4)) h->send(part);
  h->at(3600);
  const auto inter = fu_h265(h265::slice(false, 4000), 4);
  h->send(inter[0]).lose().send(inter[3], true);
  h->at(7200).send(h265::slice(false), true).at(10800).send(h265::slice(true), true);
  ASSERT_EQ(h.log.units.size(), 2U);
  EXPECT_EQ(h.log.nals(0), std::vector<Bytes>{big});
  EXPECT_TRUE(h.log.units[1].unit.after_gap);
}

Track audio_track(Codec codec, int channels = 1) {
  Track track;
  track.kind = Track::Kind::audio;
  track.codec = codec;
  track.clock_rate = 8000;
  track.channels = channels;
  track.aac_config = {0x14, 0x10};
  return track;
}

TEST(DepacketizerG711, MakesAUnitOfAPacket) {
  UnitLog log;
  auto depacketizer = make_depacketizer(audio_track(Codec::pcm_alaw), log);
  Sender(*depacketizer).at(160).send(Bytes(320, 0xD5)).lose().send(Bytes(160, 0xD5)).send({});
  ASSERT_EQ(log.units.size(), 2U);
  EXPECT_EQ(log.units[0].unit.ticks, 320U);
  EXPECT_TRUE(log.units[0].unit.key);
  EXPECT_TRUE(log.units[1].unit.after_gap);
}

struct Aac {
  UnitLog log;
  std::unique_ptr<Depacketizer> depacketizer = make_depacketizer(audio_track(Codec::aac), log);
  Sender sender{*depacketizer};
};

TEST(DepacketizerAac, TakesFramesOfAPacketApart) {
  Aac aac;
  aac.sender.at(5000).send(join({from_hex("002000180010"), Bytes(3, 0xA1), Bytes(2, 0xB2)}), true);
  ASSERT_EQ(aac.log.units.size(), 2U);
  EXPECT_EQ(aac.log.units[0].bytes, Bytes(3, 0xA1));
  EXPECT_EQ(aac.log.units[1].bytes, Bytes(2, 0xB2));
  EXPECT_EQ(aac.log.units[1].unit.rtp_time, 6024U);
}

TEST(DepacketizerAac, JoinsAFrameThatSpansPackets) {
  Aac aac;
  const Bytes header = from_hex("00100050");  // one frame of 10 bytes
  aac.sender.send(join({header, Bytes(6, 1)})).send(join({header, Bytes(4, 2)}), true);
  ASSERT_EQ(aac.log.units.size(), 1U);
  EXPECT_EQ(aac.log.units[0].bytes, join({Bytes(6, 1), Bytes(4, 2)}));
  aac.sender.send(join({header, Bytes(6, 1)})).lose().send(join({header, Bytes(4, 2)}), true);
  EXPECT_EQ(aac.log.units.size(), 1U);
}

TEST(DepacketizerAac, RefusesHeadersThatLie) {
  Aac aac;
  aac.sender.send(from_hex("ffff0000"))
      .send(from_hex("0000"))
      .send(from_hex("00200fff0fff11"))
      .send(from_hex("0010fff811"))
      .send(from_hex("00"));
  EXPECT_TRUE(aac.log.units.empty());
}

}  // namespace
}  // namespace mj::capture::rtsp
