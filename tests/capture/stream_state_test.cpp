#include "capture/stream_state.h"

#include <gtest/gtest.h>

#include "capture/libav_log.h"
#include "tests/capture/fake_clock.h"
#include "tests/capture/recording_outlet.h"

namespace mj::capture {
namespace {

using std::chrono::seconds;

class StreamStateTest : public testing::Test {
 protected:
  void footage(WallTime start, Duration duration) {
    Fragment fragment;
    fragment.run = std::make_shared<capture::Run>();
    fragment.start = start;
    fragment.end = start + duration;
    fragment.frames = 50;
    fragment.bytes = std::make_shared<const Bytes>(1000);
    static_cast<void>(state_.on_fragment(std::move(fragment)));
  }

  test::FakeClock clock_;
  test::RecordingOutlet outlet_;
  StreamState state_{"cam-1.main", clock_, outlet_};
};

TEST_F(StreamStateTest, AFailureFromTheStartIsMissingFromTheStart) {
  const WallTime start = clock_.now();
  state_.started();
  state_.connecting("connecting to rtsp://h/x");
  EXPECT_EQ(state_.status().state, StreamStatus::State::connecting);
  EXPECT_TRUE(outlet_.outages().empty()) << "nothing is late yet";
  clock_.advance(seconds(10));
  state_.failed(GapCause::camera_unreachable, "no answer");
  ASSERT_EQ(outlet_.outages().size(), 1U);
  EXPECT_EQ(outlet_.outages()[0].begin, start);
}

TEST_F(StreamStateTest, OneOutageForEachCauseAndNoneForRepetitions) {
  state_.started();
  for (const GapCause cause : {GapCause::camera_unreachable, GapCause::camera_unreachable,
                               GapCause::auth_failed, GapCause::auth_failed, GapCause::camera_unreachable}) {
    clock_.advance(seconds(1));
    state_.failed(cause, "x");
  }
  const auto outages = outlet_.outages();
  ASSERT_EQ(outages.size(), 3U);
  EXPECT_EQ(outages[1].cause, GapCause::auth_failed);
  EXPECT_EQ(outages[1].begin, clock_.now() - seconds(2));
  EXPECT_EQ(outages[2].begin, clock_.now());
}

TEST_F(StreamStateTest, AfterFootageAFailureBeginsAtItsEnd) {
  state_.started();
  state_.failed(GapCause::camera_unreachable, "x");
  footage(clock_.now(), seconds(2));
  EXPECT_EQ(state_.status().state, StreamStatus::State::recording);
  EXPECT_FALSE(state_.status().cause);
  EXPECT_EQ(state_.status().frames, 50U);
  EXPECT_EQ(state_.status().bytes, 1000U);
  const WallTime end = *state_.status().last_frame;
  clock_.advance(seconds(12));
  state_.failed(GapCause::camera_unreachable, "again");
  ASSERT_EQ(outlet_.outages().size(), 2U);
  EXPECT_EQ(outlet_.outages()[1].begin, end);
}

TEST_F(StreamStateTest, NoOutageBeginsWithinFootageAfterOurClockWasSetBack) {
  state_.started();
  footage(clock_.now(), seconds(2));
  const WallTime end = *state_.status().last_frame;
  clock_.step_wall(-seconds(30));
  state_.failed(GapCause::camera_unreachable, "x");
  state_.failed(GapCause::auth_failed, "y");
  for (const Outage& outage : outlet_.outages()) EXPECT_GE(outage.begin, end);
}

TEST_F(StreamStateTest, TheOutletHearsOfACamerasClockRarelyUnlessItChanges) {
  const auto measure = [&](Duration offset) { state_.clock_measured(offset, std::chrono::milliseconds(50)); };
  for (int i = 0; i < 240; ++i, clock_.advance(seconds(5))) measure(seconds(-7));  // 20 minutes
  EXPECT_EQ(outlet_.clock_offsets().size(), 2U);
  measure(seconds(3));
  ASSERT_EQ(outlet_.clock_offsets().size(), 3U);
  EXPECT_EQ(outlet_.clock_offsets().back().offset, seconds(3));
  EXPECT_EQ(state_.status().camera_clock->offset, seconds(3));
}

TEST_F(StreamStateTest, TryingAgainDoesNotHideWhy) {
  state_.started();
  state_.failed(GapCause::auth_failed, "check the password");
  state_.connecting("connecting");
  EXPECT_EQ(state_.status().cause, GapCause::auth_failed);
  EXPECT_EQ(state_.status().detail, "check the password");
}

TEST_F(StreamStateTest, ARefusalIsAStateButTheOutletsOwnOutage) {
  state_.started();
  outlet_.refuse(true);
  footage(clock_.now(), seconds(2));
  EXPECT_EQ(state_.status().cause, GapCause::overload);
  EXPECT_TRUE(outlet_.outages().empty());
}

TEST(RedactTextTest, TakesUserInfoOutOfWhateverALibrarySays) {
  EXPECT_EQ(redact_text("open rtsp://u:p%40ss@10.0.0.1/x failed\n"), "open rtsp://10.0.0.1/x failed\n");
  EXPECT_EQ(redact_text("[rtsp @ 0x55] method DESCRIBE failed: 401"),
            "[rtsp  0x55] method DESCRIBE failed: 401");
  EXPECT_EQ(redact_text("nothing to hide"), "nothing to hide");
  EXPECT_EQ(redact_text("u:secret@host"), "host");
}

}  // namespace
}  // namespace mj::capture
