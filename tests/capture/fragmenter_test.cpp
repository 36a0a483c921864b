#include "capture/fragmenter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/capture/box_path.h"
#include "tests/capture/test_video.h"

namespace mj::capture {
namespace {

using test::big_endian;
using test::box_names;
using test::find_box;

std::shared_ptr<const Run> some_run() {
  auto run = std::make_shared<Run>();
  run->stream = "cam-1.main";
  run->start = from_us(1'795'000'000'123'456);
  return run;
}

FragmentContent three_pictures(BytesView payload) {
  FragmentContent content;
  content.sequence = 7;
  content.video.samples = {{9000, 0, 4, true}, {12'600, 3600, 3, false}, {16'200, -3600, 2, false}};
  content.video.payload = payload;
  content.video.end = 19'800;
  return content;
}

TEST(FragmenterTest, TellsWhatIsWhere) {
  const Bytes payload{1, 2, 3, 4, 5, 6, 7, 8, 9};
  const Fragment fragment = build_fragment(some_run(), 0, three_pictures(payload));
  EXPECT_EQ(fragment.start, fragment.run->start + std::chrono::milliseconds(100));
  EXPECT_EQ(fragment.end, fragment.run->start + std::chrono::milliseconds(220));
  EXPECT_TRUE(fragment.key);
  EXPECT_EQ(fragment.frames, 3U);
  EXPECT_EQ(fragment.video_bytes, fragment.bytes->size());
  EXPECT_EQ(fragment.key_bytes, fragment.bytes->size() - 5);
  EXPECT_EQ(box_names(*fragment.bytes), "prft moof mdat");
  EXPECT_FALSE(fragment.shot);
}

TEST(FragmenterTest, SampleTableSaysDurationsSizesFlagsAndSignedOffsets) {
  const Bytes payload(9, 0xAB);
  const Fragment fragment = build_fragment(some_run(), 0, three_pictures(payload));
  EXPECT_EQ(big_endian(*find_box(*fragment.bytes, "moof/mfhd"), 4, 4), 7U);
  EXPECT_EQ(big_endian(*find_box(*fragment.bytes, "moof/traf/tfhd"), 0, 4), 0x020000U)
      << "default-base-is-moof";
  const BytesView trun = *find_box(*fragment.bytes, "moof/traf/trun");
  EXPECT_EQ(big_endian(trun, 0, 4), 0x01000F01U);
  EXPECT_EQ(big_endian(trun, 4, 4), 3U);
  const std::size_t moof = find_box(*fragment.bytes, "moof")->data() - 8 - fragment.bytes->data();
  const std::size_t data = moof + big_endian(trun, 8, 4);
  EXPECT_EQ(data, fragment.bytes->size() - 9) << "data offset counts from moof";
  const auto row = [&](std::size_t i) { return trun.subspan(12 + 16 * i, 16); };
  EXPECT_EQ(big_endian(row(0), 0, 4), 3600U);
  EXPECT_EQ(big_endian(row(1), 4, 4), 3U);
  EXPECT_EQ(big_endian(row(0), 8, 4), 0x02000000U);
  EXPECT_EQ(big_endian(row(2), 8, 4), 0x01010000U);
  EXPECT_EQ(static_cast<int32_t>(big_endian(row(2), 12, 4)), -3600);
}

TEST(FragmenterTest, AShotsFactsStandBeforeItsMoof) {
  const Bytes payload(9, 0xAB);
  FragmentContent content = three_pictures(payload);
  ShotFacts facts;
  facts.title = "办件 2026-0042 — 审批";
  facts.agent_time = from_us(5);
  content.shot = &facts;
  const Fragment fragment = build_fragment(some_run(), 0, content);
  EXPECT_EQ(box_names(*fragment.bytes), "prft uuid moof mdat");
  const BytesView uuid = *find_box(*fragment.bytes, "uuid");
  EXPECT_TRUE(std::equal(kShotBoxType.begin(), kShotBoxType.end(), uuid.begin()));
  const auto read = parse_shot_box(uuid.subspan(16));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->title, facts.title);
  EXPECT_EQ(fragment.key_bytes, fragment.bytes->size() - 5);
  const DecodeTimeSlot& slot = fragment.decode_times[1];
  EXPECT_EQ(big_endian(*fragment.bytes, slot.offset, 8), 9000U);
}

TEST(FragmenterTest, BytesThatLieAboutNothing) {
  EXPECT_EQ(to_ntp(from_us(0)), 2'208'988'800ULL << 32);
  EXPECT_EQ(to_ntp(from_us(500'000)) & 0xFFFFFFFF, 1ULL << 31);
  for (const int64_t us :
       {1'795'000'000'000'001, 1'795'000'000'999'999, 1'795'000'000'333'333, 2'500'000'000'000'007}) {
    const uint64_t ntp = to_ntp(from_us(us));
    EXPECT_EQ(((ntp & 0xFFFFFFFF) * 1'000'000 + (1ULL << 31)) >> 32, static_cast<uint64_t>(us % 1'000'000))
        << us;
  }
}

TEST(InitSegmentTest, HasAllItsBoxesInTheirSizes) {
  const auto units = test::encode_video({.frames = 1});
  AudioConfig audio;
  audio.codec = rtsp::Codec::pcm_mulaw;
  const Bytes init = make_init(*units[0].unit.config, &audio);
  EXPECT_EQ(box_names(init), "ftyp moov");
  const BytesView moov = *find_box(init, "moov");
  EXPECT_EQ(box_names(moov), "mvhd trak trak mvex");
  EXPECT_EQ(find_box(moov, "mvhd")->size(), 100U);
  EXPECT_EQ(find_box(moov, "trak/tkhd")->size(), 84U);
  EXPECT_EQ(find_box(moov, "trak/mdia/mdhd")->size(), 24U);
  EXPECT_EQ(big_endian(*find_box(moov, "trak/mdia/mdhd"), 12, 4), kVideoTimescale);
  const BytesView tkhd = *find_box(moov, "trak/tkhd");
  EXPECT_EQ(big_endian(tkhd, 76, 4) >> 16, 320U);
  EXPECT_EQ(big_endian(tkhd, 80, 4) >> 16, 192U);
  EXPECT_EQ(box_names(*find_box(moov, "mvex")), "trex trex");
  const BytesView stsd = *find_box(moov, "trak/mdia/minf/stbl/stsd");
  EXPECT_EQ(box_names(stsd.subspan(8)), "avc1");
  EXPECT_EQ(box_names(stsd.subspan(16 + 78)), "avcC");
  const BytesView sound = *find_box(*find_box(moov, "trak", 1), "mdia/minf/stbl/stsd");
  EXPECT_EQ(box_names(sound.subspan(8)), "ulaw");
  EXPECT_EQ(box_names(*find_box(make_init(*units[0].unit.config, nullptr), "moov")), "mvhd trak mvex");
}

TEST(InitSegmentTest, NamesTheCodecAsBrowsersWantIt) {
  rtsp::VideoConfig avc;
  avc.codec = rtsp::Codec::h264;
  avc.record = {1, 0x64, 0x00, 0x28, 0xFF};
  EXPECT_EQ(mime_of(avc), "video/mp4; codecs=\"avc1.640028\"");
  avc.record = {1, 0xF4, 0x00, 0x0D, 0xFF};
  EXPECT_EQ(mime_of(avc), "video/mp4; codecs=\"avc1.F4000D\"");
  rtsp::VideoConfig hevc;
  hevc.codec = rtsp::Codec::h265;
  // ISO/IEC 14496-15 Annex E.3: Main profile, compatible with Main and Main 10, level 3.1, progressive frame
  // only.
  hevc.record = {1, 0x01, 0x60, 0x00, 0x00, 0x00, 0xB0, 0, 0, 0, 0, 0, 93, 0xF0};
  EXPECT_EQ(mime_of(hevc), "video/mp4; codecs=\"hvc1.1.6.L93.B0\"");
  hevc.record = {1, 0x42, 0x20, 0x00, 0x00, 0x00, 0x90, 0x10, 0, 0, 0, 0, 120, 0xF0};
  EXPECT_EQ(mime_of(hevc), "video/mp4; codecs=\"hvc1.A2.4.L120.90.10\"");
}

}  // namespace
}  // namespace mj::capture
