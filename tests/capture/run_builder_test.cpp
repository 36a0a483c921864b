#include "capture/run_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/capture/box_path.h"
#include "tests/capture/fake_clock.h"
#include "tests/capture/test_video.h"
#include "tests/support/decoder.h"

namespace mj::capture {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::TestUnit;

struct Gap {
  WallTime begin;
  GapCause cause;
};

class Keeper final : public FragmentSink {
 public:
  [[nodiscard]] bool on_fragment(Fragment fragment) override {
    if (refusals > 0) {
      --refusals;
      return false;
    }
    fragments.push_back(std::move(fragment));
    return true;
  }
  void on_gap(WallTime begin, GapCause cause, std::string) override { gaps.push_back({begin, cause}); }

  std::vector<Fragment> fragments;
  std::vector<Gap> gaps;
  int refusals = 0;
};

class RunBuilderTest : public testing::Test {
 protected:
  /// Sends one unit; its stamp counts from where the session's ticks are, and the clock goes on to the next
  /// picture.
  void send(const TestUnit& from) {
    builder_.set_arrival(arrival_now(clock_));
    Bytes& payload = builder_.video().payload();
    payload.insert(payload.end(), from.bytes.begin(), from.bytes.end());
    rtsp::Unit unit = from.unit;
    unit.rtp_time += static_cast<uint32_t>(ticks_);
    builder_.video().on_unit(unit);
    clock_.advance(step_);
  }
  void send(const std::vector<TestUnit>& units) {
    for (const TestUnit& unit : units) send(unit);
    ticks_ += static_cast<int64_t>(units.size()) * 3600;
  }
  void send_sound(std::size_t bytes) {
    rtsp::Unit unit;
    unit.rtp_time = sound_ticks_;
    unit.bytes = bytes;
    unit.ticks = static_cast<uint32_t>(bytes);
    unit.key = true;
    sound_ticks_ += unit.ticks;
    builder_.set_arrival(arrival_now(clock_));
    builder_.audio()->payload().resize(builder_.audio()->payload().size() + bytes, 0xD5);
    builder_.audio()->on_unit(unit);
  }

  [[nodiscard]] Bytes file(std::size_t from = 0) const {
    Bytes bytes = keeper_.fragments[from].run->init;
    for (std::size_t i = from; i < keeper_.fragments.size(); ++i) {
      const Bytes& fragment = *keeper_.fragments[i].bytes;
      bytes.insert(bytes.end(), fragment.begin(), fragment.end());
    }
    return bytes;
  }
  /// Painted numbers in order of presentation.
  [[nodiscard]] std::vector<int> decode(const Bytes& file) const {
    std::vector<int> numbers;
    const auto done = test::decode_video(file, [&](Duration, const auto& luma) {
      const auto code = test::read_code(luma);
      numbers.push_back(code ? code->frame : -1);
    });
    EXPECT_TRUE(done) << (done ? "" : done.error().message);
    return numbers;
  }
  void expect_touching() const {
    for (std::size_t i = 1; i < keeper_.fragments.size(); ++i) {
      EXPECT_EQ(keeper_.fragments[i].start, keeper_.fragments[i - 1].end) << "fragment " << i;
    }
  }

  test::FakeClock clock_;
  Keeper keeper_;
  RunBuilder builder_{"cam-1.main", keeper_};
  Duration step_ = milliseconds(40);
  int64_t ticks_ = 0;
  uint32_t sound_ticks_ = 77;
};

std::vector<int> up_to(int count) {
  std::vector<int> numbers;
  for (int i = 0; i < count; ++i) numbers.push_back(i);
  return numbers;
}

TEST_F(RunBuilderTest, EveryPictureComesOutAndFragmentsTouch) {
  const WallTime begin = clock_.now();
  builder_.begin_session(std::nullopt);
  send(test::encode_video({.frames = 110, .gop = 25}));
  builder_.end_session();
  ASSERT_EQ(keeper_.fragments.size(), 9U);
  expect_touching();
  for (std::size_t i = 0; i < 9; ++i) {
    const Fragment& fragment = keeper_.fragments[i];
    EXPECT_EQ(fragment.key, i % 2 == 0) << "two halves of a second, and a key unit at its beginning";
    EXPECT_EQ(fragment.run, keeper_.fragments[0].run);
    EXPECT_EQ(fragment.video_bytes, fragment.bytes->size());
    EXPECT_EQ(test::box_names(*fragment.bytes), "prft moof mdat");
  }
  EXPECT_EQ(keeper_.fragments[0].start, begin);
  EXPECT_EQ(keeper_.fragments[0].run->start, begin);
  EXPECT_EQ(keeper_.fragments[0].frames + keeper_.fragments[1].frames, 25U);
  EXPECT_NEAR(static_cast<double>((keeper_.fragments.back().end - begin).count()), 4.4e6, 2000);
  EXPECT_EQ(decode(file()), up_to(110));
}

TEST_F(RunBuilderTest, BPicturesAreShownInOrder) {
  builder_.begin_session(std::nullopt);
  const auto units = test::encode_video({.frames = 100, .gop = 50, .b_frames = 2});
  ASSERT_GT(units[0].unit.config->reorder_depth, 0);
  ASSERT_FALSE(std::is_sorted(units.begin(), units.end(), [](const TestUnit& a, const TestUnit& b) {
    return a.unit.rtp_time < b.unit.rtp_time;
  })) << "no B pictures, no test";
  send(units);
  builder_.end_session();
  expect_touching();
  const auto trun = test::find_box(*keeper_.fragments[0].bytes, "moof/traf/trun");
  ASSERT_TRUE(trun);
  EXPECT_EQ(test::big_endian(*trun, 0, 4), 0x01000F01U) << "version 1 with composition offsets";
  EXPECT_EQ(decode(file()), up_to(100));
}

TEST_F(RunBuilderTest, LongGopsAreCutAtHalfASecond) {
  builder_.begin_session(std::nullopt);
  send(test::encode_video({.frames = 250, .gop = 250}));
  builder_.end_session();
  ASSERT_GE(keeper_.fragments.size(), 19U);
  EXPECT_TRUE(keeper_.fragments[0].key);
  EXPECT_FALSE(keeper_.fragments[1].key);
  EXPECT_EQ(keeper_.fragments[1].key_bytes, 0U);
  for (const Fragment& fragment : keeper_.fragments)
    EXPECT_LE(fragment.end - fragment.start, milliseconds(520));
  expect_touching();
  EXPECT_EQ(decode(file()), up_to(250));
}

TEST_F(RunBuilderTest, KeyUnitsOnlyAreNotAFragmentEach) {
  builder_.begin_session(std::nullopt);
  send(test::encode_video({.frames = 50, .gop = 1}));
  builder_.end_session();
  EXPECT_LE(keeper_.fragments.size(), 17U);
  for (const Fragment& fragment : keeper_.fragments) EXPECT_TRUE(fragment.key);
}

TEST_F(RunBuilderTest, TimesInTheFileAreTheWallTimes) {
  builder_.begin_session(std::nullopt);
  send(test::encode_video({.frames = 75, .gop = 25}));
  builder_.end_session();
  for (const Fragment& fragment : keeper_.fragments) {
    ASSERT_EQ(fragment.decode_times.size(), 2U);
    const auto& [media_time, tfdt] = std::tie(fragment.decode_times[0], fragment.decode_times[1]);
    EXPECT_EQ(test::big_endian(*fragment.bytes, tfdt.offset, 8), static_cast<uint64_t>(tfdt.ticks));
    EXPECT_EQ(test::big_endian(*fragment.bytes, media_time.offset, 8), static_cast<uint64_t>(tfdt.ticks));
    EXPECT_EQ(fragment.start, fragment.run->start + from_ticks(tfdt.ticks, tfdt.timescale));
    const auto found = test::find_box(*fragment.bytes, "moof/traf/tfdt");
    EXPECT_EQ(test::big_endian(*found, 4, 8), static_cast<uint64_t>(tfdt.ticks));
    const auto prft = test::find_box(*fragment.bytes, "prft");
    EXPECT_EQ(test::big_endian(*prft, 8, 8), to_ntp(fragment.start));
  }
}

TEST_F(RunBuilderTest, KeyBytesEndWithTheFirstPicture) {
  builder_.begin_session(std::nullopt);
  const auto units = test::encode_video({.frames = 30, .gop = 30});
  send(units);
  builder_.end_session();
  const Fragment& fragment = keeper_.fragments[0];
  const BytesView last(fragment.bytes->data() + fragment.key_bytes - units[0].bytes.size(),
                       units[0].bytes.size());
  EXPECT_TRUE(std::equal(last.begin(), last.end(), units[0].bytes.begin()));
}

TEST_F(RunBuilderTest, ANewConfigurationIsANewRunWithoutAHole) {
  builder_.begin_session(std::nullopt);
  send(test::encode_video({.frames = 50}));
  send(test::encode_video({.frames = 50, .width = 480}));
  builder_.end_session();
  const auto& fragments = keeper_.fragments;
  expect_touching();
  std::size_t next = 0;
  while (next < fragments.size() && fragments[next].run == fragments[0].run) ++next;
  ASSERT_LT(next, fragments.size());
  const Fragment& first = fragments[next];
  EXPECT_TRUE(first.key);
  EXPECT_EQ(first.run->start, first.start);
  EXPECT_EQ(first.run->width, 480);
  EXPECT_EQ(first.decode_times[1].ticks, 0);
  EXPECT_EQ(fragments.back().run, first.run);
  EXPECT_TRUE(keeper_.gaps.empty());
  EXPECT_EQ(decode(file(next)), up_to(50));
}

TEST_F(RunBuilderTest, ARefusedFragmentCostsUpToTheNextKeyUnit) {
  builder_.begin_session(std::nullopt);
  keeper_.refusals = 1;
  send(test::encode_video({.frames = 250, .gop = 125}));
  builder_.end_session();
  ASSERT_GE(keeper_.fragments.size(), 3U);
  EXPECT_TRUE(keeper_.fragments[0].key);
  EXPECT_EQ(keeper_.fragments[0].start - keeper_.fragments[0].run->start, seconds(5));
  const std::vector<int> numbers = decode(file());
  EXPECT_EQ(numbers.front(), 125);
  EXPECT_EQ(numbers.size(), 125U);
}

TEST_F(RunBuilderTest, APauseIsAGapNotALongPicture) {
  builder_.begin_session(std::nullopt);
  send(test::encode_video({.frames = 30, .gop = 30}));
  clock_.advance(seconds(6));
  ticks_ += 6 * 90'000;
  send(test::encode_video({.frames = 30, .gop = 30}));
  builder_.end_session();
  ASSERT_EQ(keeper_.gaps.size(), 1U);
  EXPECT_EQ(keeper_.gaps[0].cause, GapCause::stalled);
  const auto after = std::find_if(keeper_.fragments.begin(), keeper_.fragments.end(),
                                  [&](const Fragment& f) { return f.start > keeper_.gaps[0].begin; });
  ASSERT_NE(after, keeper_.fragments.end());
  EXPECT_EQ(keeper_.gaps[0].begin, (after - 1)->end);
  EXPECT_NEAR(static_cast<double>((after->start - (after - 1)->end).count()), 6e6, 50'000);
}

TEST_F(RunBuilderTest, AForwardClockStepIsAGapOfThatNameAndANewRun) {
  builder_.begin_session(std::nullopt);
  send(test::encode_video({.frames = 50}));
  clock_.step_wall(hours(1));
  send(test::encode_video({.frames = 50}));
  builder_.end_session();
  ASSERT_EQ(keeper_.gaps.size(), 1U);
  EXPECT_EQ(keeper_.gaps[0].cause, GapCause::clock_step);
  const auto run = keeper_.fragments.back().run;
  EXPECT_NE(run, keeper_.fragments.front().run);
  EXPECT_GT(run->start, keeper_.gaps[0].begin + std::chrono::minutes(59));
}

TEST_F(RunBuilderTest, ABackwardClockStepLosesNothingAndOverlapsNothing) {
  builder_.begin_session(std::nullopt);
  send(test::encode_video({.frames = 50}));
  clock_.step_wall(-hours(1));
  send(test::encode_video({.frames = 50}));
  builder_.end_session();
  expect_touching();
  EXPECT_TRUE(keeper_.gaps.empty());
  uint32_t frames = 0;
  for (const Fragment& fragment : keeper_.fragments) frames += fragment.frames;
  EXPECT_EQ(frames, 100U);
  EXPECT_NE(keeper_.fragments.back().run, keeper_.fragments.front().run);
  EXPECT_GT(keeper_.fragments.back().run->time_error, milliseconds(59) * 60'000);
}

TEST_F(RunBuilderTest, AReconnectionDoesNotRecordTwiceWhatTheCameraHadStored) {
  builder_.begin_session(std::nullopt);
  send(test::encode_video({.frames = 100, .gop = 25}));
  builder_.end_session();
  const WallTime end = keeper_.fragments.back().end;
  clock_.advance(seconds(1));

  builder_.begin_session(std::nullopt);  // the camera first sends its last three seconds at once
  const auto stored = test::encode_video({.frames = 175, .gop = 25});
  step_ = Duration{100};
  send({stored.begin(), stored.begin() + 75});
  ticks_ -= 75 * 3600;
  step_ = milliseconds(40);
  send({stored.begin() + 75, stored.end()});
  builder_.end_session();
  const auto next = std::find_if(keeper_.fragments.begin(), keeper_.fragments.end(),
                                 [end](const Fragment& fragment) { return fragment.start >= end; });
  ASSERT_NE(next, keeper_.fragments.end());
  for (std::size_t i = 1; i < keeper_.fragments.size(); ++i) {
    EXPECT_GE(keeper_.fragments[i].start, keeper_.fragments[i - 1].end);
  }
  EXPECT_LT(next->start, end + milliseconds(1500));
}

TEST_F(RunBuilderTest, SoundGoesWithThePictureItBelongsTo) {
  AudioConfig audio;
  audio.codec = rtsp::Codec::pcm_alaw;
  builder_.begin_session(audio);
  const auto units = test::encode_video({.frames = 100, .gop = 25});
  for (const TestUnit& unit : units) {
    send_sound(320);  // 40 ms
    send(unit);
  }
  builder_.end_session();
  expect_touching();
  uint64_t sound = 0;
  uint64_t end = 0;
  for (const Fragment& fragment : keeper_.fragments) {
    EXPECT_EQ(test::box_names(*fragment.bytes), "prft moof mdat moof mdat");
    EXPECT_EQ(test::box_names(BytesView(*fragment.bytes).first(fragment.video_bytes)), "prft moof mdat");
    ASSERT_EQ(fragment.decode_times.size(), 3U);
    const DecodeTimeSlot& slot = fragment.decode_times[2];
    EXPECT_EQ(slot.timescale, 8000U);
    EXPECT_EQ(test::big_endian(*fragment.bytes, slot.offset, 8), static_cast<uint64_t>(slot.ticks));
    EXPECT_NEAR(static_cast<double>(slot.ticks), static_cast<double>(end), 4) << "no hole in the sound";
    const auto mdat = test::find_box(*fragment.bytes, "mdat", 1);
    sound += mdat->size();
    end = static_cast<uint64_t>(slot.ticks) + mdat->size();
    EXPECT_EQ((*mdat)[0], 0xD5);
  }
  EXPECT_EQ(sound, 100U * 320U);
  EXPECT_EQ(keeper_.fragments[0].run->audio, "pcm_alaw");
  EXPECT_LT(keeper_.fragments[0].run->video_init.size(), keeper_.fragments[0].run->init.size());
  EXPECT_EQ(decode(file()), up_to(100));
}

TEST_F(RunBuilderTest, SoundWithoutPicturesIsNotHoarded) {
  AudioConfig audio;
  audio.codec = rtsp::Codec::pcm_mulaw;
  builder_.begin_session(audio);
  for (int i = 0; i < 20'000; ++i) {
    send_sound(320);
    clock_.advance(milliseconds(40));
  }
  EXPECT_LT(builder_.audio()->payload().size(), 2U << 20);
  builder_.end_session();
  EXPECT_TRUE(keeper_.fragments.empty());
}

TEST_F(RunBuilderTest, TheEndOfASessionHandsOnWhatIsOpenEvenIfItIsShort) {
  builder_.begin_session(std::nullopt);
  send(test::encode_video({.frames = 3}));
  EXPECT_TRUE(keeper_.fragments.empty());
  builder_.end_session();
  ASSERT_EQ(keeper_.fragments.size(), 1U);
  EXPECT_EQ(keeper_.fragments[0].frames, 3U);
  builder_.end_session();
  EXPECT_EQ(keeper_.fragments.size(), 1U);
}

}  // namespace
}  // namespace mj::capture
