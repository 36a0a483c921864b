#include <gmock/gmock.h>

#include "capture/fragmenter.h"
#include "storage/inspect.h"
#include "storage/layout.h"
#include "storage/segment_writer.h"
#include "tests/storage/fake_file_system.h"
#include "tests/storage/footage.h"

/// The fragments that capture really makes, through a file and back.
namespace mj::storage {
namespace {

using namespace std::chrono_literals;

constexpr int64_t kFrame = 3600;  // 25 pictures a second

/// Heads as capture writes them, around a configuration that nobody decodes here.
std::shared_ptr<const capture::Run> real_run(const StreamKey& stream, bool audio) {
  capture::rtsp::VideoConfig video;
  video.codec = capture::rtsp::Codec::h264;
  video.record = {1, 0x64, 0, 0x28, 0xff, 0xe0, 0};
  video.width = 1920;
  video.height = 1080;
  capture::AudioConfig sound;
  sound.codec = capture::rtsp::Codec::pcm_alaw;
  auto run = std::make_shared<capture::Run>();
  run->stream = stream;
  run->start = kStart;
  run->mime = "video/mp4; codecs=\"avc1.640028\"";
  run->init = capture::make_init(video, audio ? &sound : nullptr);
  run->video_init = capture::make_init(video, nullptr);
  run->audio = audio ? "pcm_alaw" : "";
  return run;
}

/// A second of 25 pictures from `begin` ticks on.
capture::Fragment real_fragment(const std::shared_ptr<const capture::Run>& run, int64_t begin, bool key,
                                const capture::ShotFacts* shot) {
  static const Bytes payload(25 * 100, 0x11), sound(8000, 0xD5);
  capture::FragmentContent content;
  for (int i = 0; i < 25; ++i)
    content.video.samples.push_back({begin + i * kFrame, i % 3, 100, key && i == 0});
  content.video.payload = payload;
  content.video.end = begin + 25 * kFrame;
  if (!run->audio.empty()) {
    const int64_t audio_begin = begin * 8000 / 90'000;
    content.audio.samples.push_back({audio_begin, 0, 8000, true});
    content.audio.payload = sound;
    content.audio.end = audio_begin + 8000;
  }
  content.shot = shot;
  return capture::build_fragment(run, 8000, content);
}

/// A screen that is as it was, for five seconds.
capture::Fragment same_fragment(const std::shared_ptr<const capture::Run>& run, int64_t begin,
                                const capture::ShotFacts* shot) {
  capture::FragmentContent content;
  content.video.begin = begin;
  content.video.end = begin + 5 * 90'000;
  content.shot = shot;
  return capture::build_fragment(run, 0, content);
}

class RealFragments : public testing::Test {
 protected:
  void expect_same_after_reading(const std::shared_ptr<const capture::Run>& run,
                                 const capture::ShotFacts* shot) {
    const auto tree = files_.open_tree("/store").value();
    // Ticks that are no whole microseconds, and a file in the middle of a run.
    const int64_t first = 7 * 90'000 + 1;
    std::vector<capture::Fragment> sent;
    for (int i = 0; i < 5; ++i) {
      const int64_t begin = first + i * 25 * kFrame;
      sent.push_back(i == 3 && with_same_ ? same_fragment(run, begin, with_same_)
                                          : real_fragment(run, begin, i != 2, shot));
    }
    const SegmentRef segment{"s1", run->stream, sent[0].start, true};
    ASSERT_TRUE(tree->make_directory(run->stream));
    ASSERT_TRUE(tree->make_directory(day_directory(segment)));
    auto writer = SegmentWriter::create(tree, segment, run, {}).value();
    for (const auto& fragment : sent) ASSERT_TRUE(writer->append(fragment));
    ASSERT_TRUE(writer->sync());
    const SegmentClosed closed = writer->finish().value();
    const auto file = tree->open(segment_path(closed.segment), false).value();
    found_ = inspect_file(*file, closed.segment, true).value();
    EXPECT_EQ(found_.bytes, closed.bytes);
    EXPECT_EQ(found_.sha256, closed.sha256);
    EXPECT_EQ(found_.run->init, run->init);
    EXPECT_EQ(found_.run->video_init.size(), run->video_init.size());
    ASSERT_EQ(found_.fragments.size(), sent.size());
    for (std::size_t i = 0; i < sent.size(); ++i) {
      EXPECT_EQ(found_.fragments[i].start, sent[i].start);
      EXPECT_EQ(found_.fragments[i].end, sent[i].end);
      EXPECT_EQ(found_.fragments[i].bytes, sent[i].bytes->size());
      EXPECT_EQ(found_.fragments[i].video_bytes, sent[i].video_bytes);
      EXPECT_EQ(found_.fragments[i].key_bytes, sent[i].key_bytes);
    }
  }

  FakeFileSystem files_;
  FoundSegment found_;
  const capture::ShotFacts* with_same_ = nullptr;  ///< the fourth fragment is a screen that is as it was
};

TEST_F(RealFragments, OfACameraAreFoundAsTheyWereSent) {
  expect_same_after_reading(real_run("a.main", false), nullptr);
}

TEST_F(RealFragments, WithSoundAreFoundAsTheyWereSent) {
  expect_same_after_reading(real_run("a.main", true), nullptr);
}

TEST_F(RealFragments, OfAScreenCarryTheirFacts) {
  capture::ShotFacts facts;
  facts.title = "办件 2026-0001 — 受理";
  facts.program = "chromium";
  facts.user = "li";
  facts.idle_ms = 1200;
  facts.agent_time = kStart;
  facts.input_sha256 = std::string(64, 'a');
  facts.entry = {"0123456789abcdef", 17, Digest{1, 2, 3}, true, false};
  facts.monitors = {{0, 0, 1920, 1080}, {-1280, 0, 1280, 1024}};
  expect_same_after_reading(real_run("desk.screen", false), &facts);
  ASSERT_EQ(found_.shots.size(), 5);
  EXPECT_EQ(found_.shots[4].title, facts.title);
  EXPECT_EQ(found_.shots[4].idle_ms, facts.idle_ms);
  EXPECT_EQ(found_.shots[4].agent_time, facts.agent_time);
  EXPECT_EQ(found_.shots[4].input_sha256, facts.input_sha256);
  EXPECT_EQ(found_.shots[4].entry, facts.entry);
  EXPECT_EQ(found_.shots[4].monitors, facts.monitors);
}

TEST_F(RealFragments, WithoutSamplesKeepTheirPlaceAndLength) {
  capture::ShotFacts facts;
  facts.kind = capture::EntryKind::same;
  with_same_ = &facts;
  expect_same_after_reading(real_run("desk.screen", false), &facts);
  EXPECT_EQ(found_.fragments[3].video_bytes, 0U);
  EXPECT_EQ(found_.fragments[3].end - found_.fragments[3].start, 5s);
  EXPECT_EQ(found_.shots[3].kind, capture::EntryKind::same);
}

}  // namespace
}  // namespace mj::storage
