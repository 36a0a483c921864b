#include "capture/timeline.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "tests/capture/fake_clock.h"

namespace mj::capture {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr uint32_t kRate = 90'000;

int64_t ms(Duration duration) {
  return duration.count() / 1000;
}

/// A camera, our clocks and the timeline between them. Sends frame after frame; remembers what became of the
/// last.
class Filming {
 public:
  explicit Filming(double fps = 25) : interval_us_(1e6 / fps), ticks_per_frame_(kRate / fps) {}

  /// One frame: exposed now, on the camera's clock at `ticks`, here after `delay`. Times of the world stay
  /// `clock`'s.
  void frame(Duration delay = milliseconds(30)) {
    const WallTime exposed = clock.now();
    send(static_cast<int64_t>(std::llround(ticks_)), exposed, delay);
    ticks_ += ticks_per_frame_;
    clock.advance(Duration(static_cast<int64_t>(interval_us_)));
  }
  void frames(int count, Duration delay = milliseconds(30)) {
    for (int i = 0; i < count; ++i) frame(delay);
  }
  /// A frame with any stamp.
  void send(int64_t ticks, WallTime exposed, Duration delay) {
    const Arrival arrival{clock.steady_now() + delay, clock.now() + delay};
    if (!timeline.settled()) {
      timeline.observe(ticks, arrival);
      held_.push_back({ticks, exposed, arrival});
      if (!timeline.settled()) return;
      for (const Held& held : held_) place(held);
      return;
    }
    place({ticks, exposed, arrival});
  }

  void drift_ppm(double ppm) { ticks_per_frame_ *= 1 + ppm * 1e-6; }
  void set_ticks(double ticks) { ticks_ = ticks; }
  [[nodiscard]] double ticks() const { return ticks_; }
  void deliver_at(double fps) { interval_us_ = 1e6 / fps; }

  test::FakeClock clock;
  Timeline timeline{kRate};
  Timeline::Placed last;
  Duration error{0};  ///< placed − exposed, of the last frame
  Duration worst{0};
  std::vector<RunBreak> breaks;

 private:
  struct Held {
    int64_t ticks;
    WallTime exposed;
    Arrival arrival;
  };

  void place(const Held& held) {
    const WallTime before = last.decode;
    last = timeline.place(held.ticks, held.arrival);
    EXPECT_GT(last.decode, before) << "time stood still or went back";
    if (last.breaks != RunBreak::none) breaks.push_back(last.breaks);
    error = last.decode + last.composition - held.exposed;
    worst = std::max(worst, error < Duration{0} ? -error : error);
  }

  double interval_us_;
  double ticks_per_frame_;
  double ticks_ = 1'234'567;
  std::vector<Held> held_;
};

TEST(TimelineTest, PlacesFramesAtTheirArrivalLessNothing) {
  Filming camera;
  camera.frames(250);
  EXPECT_EQ(ms(camera.error), 30);
  EXPECT_TRUE(camera.breaks.empty());
  EXPECT_EQ(camera.timeline.error_bound(), milliseconds(500));
}

TEST(TimelineTest, FollowsACameraClockThatDrifts) {
  for (const double ppm : {-400.0, -20.0, 20.0, 400.0}) {
    Filming camera(10);
    camera.drift_ppm(ppm);
    camera.frames(10 * 3600 * 4);
    EXPECT_LT(camera.worst, milliseconds(150)) << ppm;
    EXPECT_TRUE(camera.breaks.empty()) << ppm;
  }
}

TEST(TimelineTest, ABurstOfStoredPicturesIsNoTimeTravel) {
  Filming camera;
  const WallTime connected = camera.clock.now();
  double ticks = camera.ticks();
  for (int i = 0; i < 75; ++i, ticks += kRate / 25.0) {  // three seconds, sent at once
    camera.send(static_cast<int64_t>(ticks), connected - milliseconds(40) * (75 - i), milliseconds(i));
  }
  camera.set_ticks(ticks);
  camera.frames(250);
  EXPECT_LT(camera.worst, milliseconds(150));
  EXPECT_TRUE(camera.breaks.empty());
}

TEST(TimelineTest, JitterDoesNotPullItAboutAndLatePicturesDoNotMakeItLate) {
  Filming camera;
  std::mt19937 random(7);
  std::uniform_int_distribution<int> jitter(20, 180);
  WallTime before{};
  for (int i = 0; i < 25 * 600; ++i) {
    camera.frame(milliseconds(jitter(random)));
    if (i > 100) EXPECT_NEAR(static_cast<double>(ms(camera.last.decode - before)), 40, 1);
    before = camera.last.decode;
  }
  EXPECT_LT(camera.worst, milliseconds(100));
}

TEST(TimelineTest, AStallOfTheNetworkIsNotAStallOfTime) {
  Filming camera;
  camera.frames(250);
  for (int i = 0; i < 125; ++i) camera.frame(milliseconds(40) * (125 - i));  // five seconds come all at once
  camera.frames(250);
  EXPECT_LT(camera.worst, milliseconds(100));
  EXPECT_TRUE(camera.breaks.empty());
}

TEST(TimelineTest, RtpTimeWrapsWithoutTrace) {
  Filming camera;
  camera.set_ticks(4'294'967'296.0 - 90'000);
  camera.frames(20);
  const double wrap = 4'294'967'296.0;
  for (int i = 0; i < 200; ++i) {
    if (camera.ticks() >= wrap) camera.set_ticks(camera.ticks() - wrap);
    camera.frame();
  }
  EXPECT_LT(camera.worst, milliseconds(40));
  EXPECT_TRUE(camera.breaks.empty());
}

TEST(TimelineTest, AResetOfTheCameraClockIsANewRunWithTrueTimes) {
  Filming camera;
  camera.frames(250);
  camera.set_ticks(0);
  camera.frames(250);
  ASSERT_EQ(camera.breaks.size(), 1U);
  EXPECT_EQ(camera.breaks[0], RunBreak::media_jump);
  EXPECT_LT(camera.worst, milliseconds(150));
}

TEST(TimelineTest, AJumpByHoursIsANewRunWithTrueTimes) {
  for (const double hours_ahead : {3.0, -3.0}) {
    Filming camera;
    camera.set_ticks(3.0 * 3600 * kRate * 2);
    camera.frames(250);
    camera.set_ticks(camera.ticks() + hours_ahead * 3600 * kRate);
    camera.frames(250);
    EXPECT_EQ(camera.breaks, std::vector{RunBreak::media_jump});
    EXPECT_LT(camera.worst, milliseconds(150));
  }
}

TEST(TimelineTest, OneOutlierOfHoursIsOverlooked) {
  Filming camera;
  camera.frames(100);
  for (const double outlier : {4.0, -4.0}) {
    const double ticks = camera.ticks();
    camera.set_ticks(ticks + outlier * 3600 * kRate);
    camera.frame();
    camera.set_ticks(ticks + kRate / 25.0);
    camera.frames(50);
  }
  EXPECT_TRUE(camera.breaks.empty());
  EXPECT_LT(camera.worst, milliseconds(100));
}

TEST(TimelineTest, ACameraThatCounts25AndSends21RunsAtTheSpeedOfTheWorld) {
  Filming camera(25);
  camera.deliver_at(21);
  camera.frames(21 * 10);
  camera.worst = Duration{0};
  camera.frames(21 * 600);
  EXPECT_LT(camera.worst, milliseconds(500));
  EXPECT_TRUE(camera.breaks.empty());
}

TEST(TimelineTest, EqualAndBackwardStampsStillRise) {
  Filming camera;
  camera.frames(50);
  for (int i = 0; i < 50; ++i) {
    const double ticks = camera.ticks();
    camera.frame();
    if (i % 2 == 0) camera.set_ticks(ticks);         // equal
    if (i % 5 == 0) camera.set_ticks(ticks - 1000);  // backward
  }
  camera.set_ticks(camera.ticks() + 25 * kRate / 25.0);
  camera.frames(50);
  EXPECT_LT(camera.worst, seconds(2));
}

TEST(TimelineTest, AForwardStepOfTheHostClockIsANewRunAtTheNewTime) {
  Filming camera;
  camera.frames(250);
  camera.clock.step_wall(hours(1));
  camera.frames(2);
  ASSERT_EQ(camera.breaks, std::vector{RunBreak::host_clock_step});
  EXPECT_LT(ms(camera.error), -3'500'000) << "the old run keeps the old time";
  const WallTime start = camera.timeline.begin_run();
  EXPECT_NEAR(static_cast<double>(ms(start - camera.clock.now())), 0, 200);
  camera.frames(250);
  EXPECT_NEAR(static_cast<double>(ms(camera.error)), 30, 50);
}

TEST(TimelineTest, ABackwardStepOfTheHostClockNeitherOverlapsNorStops) {
  Filming camera;
  camera.frames(250);
  camera.clock.step_wall(-seconds(10));
  camera.frames(2);
  ASSERT_EQ(camera.breaks, std::vector{RunBreak::host_clock_step});
  const WallTime before = camera.last.decode;
  EXPECT_EQ(camera.timeline.begin_run(), before);
  EXPECT_GT(camera.timeline.error_bound(), seconds(9)) << "and says how wrong it is";
  camera.frames(25 * 120);
  EXPECT_LT(ms(camera.error), 250) << "until it is right again";
  EXPECT_EQ(camera.timeline.error_bound() / milliseconds(500), 1);
}

TEST(TimelineTest, PicturesThatAreLateWhenTheHostClockIsSetAreKnownToBeLate) {
  Filming camera;
  camera.frames(250);
  const WallTime exposed = camera.clock.now() + hours(1);
  camera.clock.step_wall(hours(1));
  camera.frame(seconds(2));  // the network stood still meanwhile
  camera.frame(seconds(2));
  ASSERT_EQ(camera.last.breaks, RunBreak::host_clock_step);
  EXPECT_LT(ms(std::chrono::abs(camera.timeline.begin_run() - (exposed + milliseconds(40)))), 100);
}

TEST(TimelineTest, StoredPicturesBehindTheStreamsEndAreOlderThanTheyLook) {
  Timeline timeline(kRate);
  test::FakeClock clock;
  const WallTime end = clock.now() + minutes(1);  // our clock was set back
  timeline.not_before(end);
  constexpr int64_t kFrame = kRate / 25;
  for (int i = 0; i < 75; ++i) timeline.observe(i * kFrame, arrival_now(clock));  // 3 s, all at once
  clock.advance(milliseconds(500));
  timeline.observe(75 * kFrame, arrival_now(clock));
  ASSERT_TRUE(timeline.settled());
  EXPECT_GE(timeline.place(0, arrival_now(clock)).decode, end);
  EXPECT_GE(timeline.state_error(), minutes(1) + milliseconds(2500))
      << "the first was filmed 3 s before it came";
}

TEST(TimelineTest, AClockReadAtABadMomentIsNoStep) {
  Filming camera;
  camera.frames(250);
  const Arrival preempted{camera.clock.steady_now(), camera.clock.now() + milliseconds(700)};
  const auto placed = camera.timeline.place(static_cast<int64_t>(camera.ticks()), preempted);
  EXPECT_EQ(placed.breaks, RunBreak::none);
  camera.set_ticks(camera.ticks() + kRate / 25.0);
  camera.clock.advance(milliseconds(40));
  camera.frames(250);
  EXPECT_TRUE(camera.breaks.empty());
  EXPECT_LT(camera.worst, milliseconds(100));
}

TEST(TimelineTest, ADelayThatStaysIsDriftAndTheNextRunIsRight) {
  Filming camera;
  camera.frames(250);
  camera.frames(25 * 8, seconds(6));
  ASSERT_FALSE(camera.breaks.empty());
  EXPECT_EQ(camera.breaks.front(), RunBreak::drift);
  EXPECT_GE(camera.timeline.begin_run(), camera.clock.now() + seconds(5) - milliseconds(300));
}

TEST(TimelineTest, BPicturesAreDecodedBeforeTheyAreShownAndNeverLate) {
  Filming camera;
  camera.timeline.set_reorder_depth(1);
  const double frame = kRate / 25.0;
  double base = 0;
  std::vector<WallTime> shown;
  for (int i = 0; i < 100;
       ++i, base += 2 * frame) {  // I P B P B …: P is sent before the B it follows in time
    const WallTime now = camera.clock.now();
    camera.clock.advance(milliseconds(40));
    camera.send(static_cast<int64_t>(base + 2 * frame), now + milliseconds(40), milliseconds(30));
    if (camera.timeline.settled()) {
      EXPECT_GE(camera.last.composition, Duration{0});
      shown.push_back(camera.last.decode + camera.last.composition);
    }
    camera.clock.advance(milliseconds(40));
    camera.send(static_cast<int64_t>(base + frame), now, milliseconds(-10));
    if (camera.timeline.settled()) EXPECT_GE(camera.last.composition, Duration{0});
  }
  ASSERT_GT(shown.size(), 50U);
  EXPECT_LT(camera.worst, milliseconds(150));
  for (std::size_t i = 1; i < shown.size(); ++i) EXPECT_GT(shown[i], shown[i - 1]);
}

TEST(TimelineTest, NothingIsPlacedBeforeTheStreamsEndWhenOurClockWasSetBack) {
  Filming camera;
  const WallTime end = camera.clock.now() + hours(2);
  camera.timeline.not_before(end);
  camera.frames(50);
  EXPECT_GE(camera.last.decode, end);
  EXPECT_GT(camera.timeline.error_bound(), hours(1));
}

TEST(TimelineTest, SurvivesNoise) {
  std::mt19937_64 random(11);
  Filming camera;
  for (int i = 0; i < 20'000; ++i) {
    const int64_t ticks =
        random() % 3 == 0 ? static_cast<int64_t>(random() >> 8) : static_cast<int64_t>(camera.ticks());
    camera.set_ticks(camera.ticks() + static_cast<double>(random() % 9000));
    camera.clock.advance(milliseconds(random() % 90));
    if (random() % 500 == 0) camera.clock.step_wall(seconds(static_cast<int64_t>(random() % 20) - 10));
    camera.send(ticks, camera.clock.now(), milliseconds(random() % 400));  // rises: checked for each
  }
}

}  // namespace
}  // namespace mj::capture
