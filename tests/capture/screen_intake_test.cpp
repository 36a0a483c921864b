#include "capture/screen_intake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capture/shot_check.h"
#include "tests/capture/fake_clock.h"
#include "tests/capture/recording_outlet.h"
#include "tests/capture/test_video.h"
#include "tests/support/decoder.h"

namespace mj::capture {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using test::TestUnit;
using testing::HasSubstr;

class ScreenIntakeTest : public testing::Test {
 protected:
  ScreenIntakeTest() {
    config::Workstation workstation;
    workstation.id = "ws-1";
    settings_.workstations.push_back(workstation);
    intake_ = std::make_unique<ScreenIntake>(settings_, clock_, outlet_);
    intake_->start();
  }

  /// A shot of now; send() gives it the number that is wanted.
  [[nodiscard]] Entry shot(const TestUnit& from) const {
    Entry out;
    out.at = clock_.now();
    out.key = from.unit.key;
    out.nominal = out.configured = seconds(5);
    out.avc_config = std::string(as_text(from.unit.config->record));
    out.access_unit = from.bytes;
    out.facts.title = "办件";
    out.facts.agent_time = out.at;
    return out;
  }
  [[nodiscard]] Entry shot(std::size_t unit) const { return shot(units_[unit]); }
  [[nodiscard]] Result<void> send(Entry shot, const char* workstation = "ws-1") {
    shot.ref.number = next_;
    auto accepted = intake_->accept({workstation, "0123456789abcdef", {std::move(shot)}, std::nullopt}, {});
    if (accepted.refusal) return tl::unexpected(std::move(*accepted.refusal));
    next_ = accepted.position.next;
    return {};
  }
  void expect_refused(Entry shot, ErrorKind kind, const std::string& words) {
    const auto result = send(std::move(shot));
    ASSERT_FALSE(result) << words;
    EXPECT_EQ(result.error().kind, kind) << result.error().message;
    EXPECT_THAT(result.error().message, HasSubstr(words));
  }

  config::Settings settings_;
  test::FakeClock clock_;
  test::RecordingOutlet outlet_;
  std::unique_ptr<ScreenIntake> intake_;
  uint64_t next_ = 1;
  std::vector<TestUnit> units_ = test::encode_video({.frames = 20, .gop = 1000});
};

TEST_F(ScreenIntakeTest, OneFragmentPerShotAndTheyDecode) {
  Bytes file;
  for (std::size_t i = 0; i < 5; ++i) {
    ASSERT_TRUE(send(shot(i)));
    clock_.advance(seconds(5));
  }
  const auto fragments = outlet_.fragments("ws-1.screen");
  ASSERT_EQ(fragments.size(), 5U);
  file = fragments[0].run->init;
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(fragments[i].end - fragments[i].start, seconds(5));
    EXPECT_EQ(fragments[i].key, i == 0);
    EXPECT_EQ(fragments[i].frames, 1U);
    EXPECT_EQ(fragments[i].run, fragments[0].run);
    EXPECT_EQ(fragments[i].shot->title, "办件");
    file.insert(file.end(), fragments[i].bytes->begin(), fragments[i].bytes->end());
  }
  std::vector<std::pair<Duration, int>> seen;
  const auto decoded = test::decode_video(file, [&](Duration at, const auto& luma) {
    const auto code = test::read_code(luma);
    seen.emplace_back(at, code ? code->frame : -1);
  });
  ASSERT_TRUE(decoded);
  ASSERT_EQ(seen.size(), 5U);
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(seen[static_cast<std::size_t>(i)], std::pair(Duration(seconds(5 * i)), i));
  EXPECT_EQ(intake_->status()[0].state, StreamStatus::State::recording);
}

TEST_F(ScreenIntakeTest, AStrangerHasNoScreen) {
  const auto result = send(shot(0), "ws-2");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::not_found);
}

TEST_F(ScreenIntakeTest, TheFirstShotMustBeAKey) {
  expect_refused(shot(1), ErrorKind::invalid, "follows nothing that is recorded");
  EXPECT_TRUE(outlet_.fragments().empty());
  EXPECT_TRUE(send(shot(0)));
}

TEST_F(ScreenIntakeTest, AfterAGapAKeyAndANewRun) {
  ASSERT_TRUE(send(shot(0)));
  clock_.advance(seconds(10));
  ASSERT_TRUE(send(shot(1))) << "twice the cadence is no gap yet";
  clock_.advance(milliseconds(10'001));
  expect_refused(shot(2), ErrorKind::invalid, "follows nothing that is recorded");
  ASSERT_TRUE(send(shot(0)));
  EXPECT_NE(outlet_.fragments().back().run, outlet_.fragments().front().run);
}

TEST_F(ScreenIntakeTest, ANewSizeIsANewRunAndNeedsAKey) {
  ASSERT_TRUE(send(shot(0)));
  clock_.advance(seconds(5));
  const auto larger = test::encode_video({.frames = 2, .width = 640, .height = 352});
  expect_refused(shot(larger[1]), ErrorKind::invalid, "follows nothing that is recorded");
  ASSERT_TRUE(send(shot(larger[0])));
  EXPECT_EQ(outlet_.fragments().back().run->width, 640);
  clock_.advance(seconds(5));
  ASSERT_TRUE(send(shot(larger[1])));
  EXPECT_EQ(outlet_.fragments().back().run->start, outlet_.fragments()[1].start);
}

TEST_F(ScreenIntakeTest, DamagedShotsLeaveNoTrace) {
  const auto damaged = [&](const std::function<void(Entry&)>& damage) {
    Entry out = shot(0);
    damage(out);
    return out;
  };
  using S = Entry&;
  expect_refused(damaged([](S s) { s.access_unit.pop_back(); }), ErrorKind::invalid, "lengths");
  expect_refused(damaged([](S s) { s.access_unit.push_back(0); }), ErrorKind::invalid, "lengths");
  expect_refused(damaged([](S s) { s.access_unit[0] = 0xFF; }), ErrorKind::invalid, "lengths");
  expect_refused(damaged([](S s) { s.access_unit.clear(); }), ErrorKind::invalid, "no picture");
  expect_refused(damaged([](S s) { s.key = false; }), ErrorKind::invalid, "key flag");
  expect_refused(damaged([](S s) { s.nominal = Duration{0}; }), ErrorKind::invalid, "cadence");
  expect_refused(damaged([](S s) { s.nominal = std::chrono::hours(1); }), ErrorKind::invalid, "cadence");
  expect_refused(damaged([](S s) { s.avc_config = "nonsense"; }), ErrorKind::invalid, "configuration");
  expect_refused(damaged([](S s) { s.avc_config.clear(); }), ErrorKind::invalid, "configuration");
  expect_refused(damaged([](S s) { s.avc_config.resize(12); }), ErrorKind::invalid, "SPS");
  expect_refused(damaged([](S s) { s.avc_config[4] = '\xFC'; }), ErrorKind::invalid, "4-byte lengths");
  expect_refused(damaged([](S s) { s.access_unit.resize((32 << 20) + 1); }), ErrorKind::invalid, "32 MiB");
  EXPECT_TRUE(outlet_.fragments().empty());
  EXPECT_TRUE(send(shot(0)));
}

TEST_F(ScreenIntakeTest, EveryCutOfAConfigurationIsRefused) {
  const std::string whole = shot(0).avc_config;
  for (std::size_t size = 0; size < 16; ++size) {
    EXPECT_FALSE(parse_avc_config(as_bytes(std::string_view(whole).substr(0, size)))) << size;
  }
}

TEST_F(ScreenIntakeTest, TextIsCutAtACharacter) {
  Entry long_title = shot(0);
  for (int i = 0; i < 300; ++i) long_title.facts.title += "件";
  ASSERT_TRUE(send(long_title));
  EXPECT_EQ(outlet_.fragments()[0].shot->title.size(), 510U);
}

TEST_F(ScreenIntakeTest, ARefusalOfTheRecorderAsksForAKey) {
  ASSERT_TRUE(send(shot(0)));
  clock_.advance(seconds(5));
  outlet_.refuse(true);
  expect_refused(shot(1), ErrorKind::unavailable, "cannot keep up");
  outlet_.refuse(false);
  expect_refused(shot(2), ErrorKind::invalid, "follows nothing that is recorded");
  EXPECT_TRUE(send(shot(0)));
}

TEST_F(ScreenIntakeTest, SilenceIsAnOutageFromTheLastShotsEnd) {
  ASSERT_TRUE(send(shot(0)));
  clock_.advance(seconds(15));
  intake_->tick();
  EXPECT_TRUE(outlet_.outages().empty());
  clock_.advance(milliseconds(1));
  intake_->tick();
  intake_->tick();
  ASSERT_EQ(outlet_.outages().size(), 1U);
  EXPECT_EQ(outlet_.outages()[0].cause, GapCause::agent_away);
  EXPECT_EQ(outlet_.outages()[0].begin, outlet_.fragments()[0].end);
  EXPECT_EQ(intake_->status()[0].state, StreamStatus::State::waiting);
}

TEST_F(ScreenIntakeTest, AnAgentThatNeverCameIsAwayFromTheStart) {
  const WallTime start = clock_.now();
  clock_.advance(seconds(16));
  intake_->tick();
  ASSERT_EQ(outlet_.outages().size(), 1U);
  EXPECT_EQ(outlet_.outages()[0].begin, start);
}

TEST_F(ScreenIntakeTest, NothingIsAcceptedAfterTheStop) {
  ASSERT_TRUE(send(shot(0)));
  intake_->stop();
  EXPECT_EQ(outlet_.outages().back().cause, GapCause::shutdown);
  clock_.advance(seconds(5));
  expect_refused(shot(1), ErrorKind::unavailable, "stopped");
}

}  // namespace
}  // namespace mj::capture
