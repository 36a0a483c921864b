#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <tuple>

#include "capture/timeline.h"
#include "tests/capture/fake_clock.h"

namespace mj::capture {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr double kRate = 90'000;

/// A camera that sends pictures, each late by its encoder and the network, and reports that are late by the
/// network alone. Its own clock is wrong.
class Reporting {
 public:
  /// `reports`: sends one every five seconds.
  void run(Duration duration, bool reports = true) {
    const SteadyTime end = clock.steady_now() + duration;
    while (clock.steady_now() < end) {
      if (reports && clock.steady_now() >= next_report_) report();
      picture();
      advance(milliseconds(40));
    }
  }
  void report() {
    next_report_ = clock.steady_now() + seconds(5);
    const SteadyTime arrived = clock.steady_now() + network();
    timeline.observe_report(static_cast<uint32_t>(static_cast<int64_t>(ticks_ + report_ticks_off)),
                            camera_clock(), arrived);
  }
  void picture() {
    const Duration delay = encoder + network();
    const Arrival arrival{clock.steady_now() + delay, clock.now() + delay};
    const auto ticks = static_cast<uint32_t>(static_cast<int64_t>(ticks_));
    if (!timeline.settled()) {
      timeline.observe(ticks, arrival);
      held_.emplace_back(ticks, clock.now(), arrival);
      if (!timeline.settled()) return;
      for (const auto& [at, made, came] : held_) place(at, made, came);
    } else {
      place(ticks, clock.now(), arrival);
    }
  }
  void advance(Duration duration) {
    clock.advance(duration);
    ticks_ += static_cast<double>(duration.count()) * 1e-6 * kRate * (1 + ppm * 1e-6);
    own_time_ += Duration(static_cast<int64_t>(static_cast<double>(duration.count()) * (1 + ppm * 1e-6)));
  }
  [[nodiscard]] WallTime camera_clock() const { return WallTime{own_time_} + camera_ahead; }
  /// Begins a run, as a RunBuilder would, and forgets what was seen.
  void begin_run() {
    static_cast<void>(timeline.begin_run());
    stated = timeline.state_error();
    breaks.clear();
    worst = Duration{0};
  }

  test::FakeClock clock;
  Timeline timeline{90'000};
  double ppm = 0;
  double report_ticks_off = 0;
  Duration encoder = milliseconds(280);
  Duration camera_ahead = minutes(-7);
  std::function<Duration()> network = [] { return milliseconds(3); };
  Duration stated{0};
  Duration error{0}, worst{0};  ///< placed − made, of the last picture, and the largest
  std::vector<RunBreak> breaks;

 private:
  void place(int64_t ticks, WallTime made, Arrival arrival) {
    const auto placed = timeline.place(ticks, arrival);
    EXPECT_GT(placed.decode, last_) << "time stood still or went back";
    last_ = placed.decode;
    if (placed.breaks != RunBreak::none) breaks.push_back(placed.breaks);
    error = placed.decode + placed.composition - made;
    worst = std::max(worst, std::chrono::abs(error));
  }

  double ticks_ = 4'294'900'000;  // wraps in the first second
  Duration own_time_ = clock.now().time_since_epoch();
  SteadyTime next_report_ = clock.steady_now() + seconds(1);
  std::vector<std::tuple<uint32_t, WallTime, Arrival>> held_;
  WallTime last_{};
};

TEST(SenderReportsTest, TheEncodersDelayIsKnownOnceReportsAgree) {
  Reporting camera;
  camera.run(seconds(1));
  camera.begin_run();
  EXPECT_EQ(camera.stated, milliseconds(500));
  camera.run(seconds(14), false);
  EXPECT_GT(camera.error, milliseconds(250)) << "nobody can know";
  camera.run(seconds(25));
  ASSERT_FALSE(camera.breaks.empty());
  EXPECT_EQ(camera.breaks.front(), RunBreak::time_error) << "the run could promise more than it does";
  EXPECT_LE(camera.worst, camera.stated);
  camera.begin_run();
  EXPECT_EQ(camera.stated, milliseconds(100));
  camera.run(minutes(10));
  EXPECT_LE(camera.worst, milliseconds(50));
  EXPECT_TRUE(camera.breaks.empty());
}

TEST(SenderReportsTest, TheCamerasClockIsMeasuredAndNeverBelieved) {
  Reporting camera;
  camera.run(seconds(60));
  ASSERT_TRUE(camera.timeline.camera_offset());
  EXPECT_LE(std::chrono::abs(*camera.timeline.camera_offset() + minutes(7)), milliseconds(10));
  EXPECT_LE(std::chrono::abs(camera.error), milliseconds(60));

  camera.camera_ahead = hours(3);  // somebody set it
  camera.worst = Duration{0};
  camera.run(seconds(40));
  EXPECT_LE(std::chrono::abs(*camera.timeline.camera_offset() - hours(3)), milliseconds(10));
  EXPECT_LE(camera.worst, milliseconds(100));
}

TEST(SenderReportsTest, JitterAndDriftStayWithinAHundredMilliseconds) {
  for (const double ppm : {-500.0, -50.0, 0.0, 50.0, 500.0}) {
    Reporting camera;
    camera.ppm = ppm;
    std::mt19937 random(static_cast<unsigned>(1000 + ppm));
    camera.network = [&] { return milliseconds(std::uniform_int_distribution<int>(2, 80)(random)); };
    camera.run(minutes(1));
    camera.begin_run();
    ASSERT_EQ(camera.stated, milliseconds(100)) << ppm;
    camera.run(minutes(60));
    EXPECT_LE(camera.worst, milliseconds(100)) << ppm;
    EXPECT_TRUE(camera.breaks.empty()) << ppm;
  }
}

TEST(SenderReportsTest, AQueueInTheNetworkMovesNoPicture) {
  Reporting camera;
  camera.run(minutes(1));
  camera.begin_run();
  for (int i = 0; i < 10; ++i) {
    int step = 0;  // pictures and reports are up to 1.9 s late, for 20 s
    camera.network = [&] {
      return milliseconds(std::min({40 * ++step, 1900, 40 * std::max(500 - step, 0)}) + 3);
    };
    camera.run(seconds(20));
    camera.network = [] { return milliseconds(3); };
    camera.run(seconds(20));
  }
  EXPECT_LE(camera.worst, milliseconds(100));
  EXPECT_TRUE(camera.breaks.empty());
}

TEST(SenderReportsTest, StoredPicturesOnConnectAreDatedByTheReports) {
  Reporting camera;
  int sent = 0;  // the camera keeps two seconds back, and sends them a little faster than it films
  camera.network = [&] { return milliseconds(std::max(2000 - 4 * ++sent, 3)); };
  camera.run(seconds(1), false);
  camera.network = [] { return milliseconds(3); };
  camera.report();
  for (int i = 0; i < 12; ++i) {
    camera.run(seconds(5), false);
    camera.report();
  }
  camera.begin_run();
  EXPECT_EQ(camera.stated, milliseconds(100));
  camera.run(minutes(1));
  EXPECT_LE(camera.worst, milliseconds(100));
}

TEST(SenderReportsTest, ReportsThatStopMakeTheNextRunModest) {
  Reporting camera;
  camera.run(minutes(1));
  camera.begin_run();
  ASSERT_EQ(camera.stated, milliseconds(100));
  camera.run(seconds(50), false);
  EXPECT_TRUE(camera.breaks.empty());
  camera.run(seconds(20), false);
  ASSERT_FALSE(camera.breaks.empty());
  EXPECT_EQ(camera.breaks.front(), RunBreak::time_error);
  EXPECT_LE(camera.worst, milliseconds(100));
  camera.begin_run();
  EXPECT_GE(camera.stated, milliseconds(500));
  EXPECT_FALSE(camera.timeline.camera_offset());
}

TEST(SenderReportsTest, ReportsOfAnotherClockThanThePicturesAreNotBelieved) {
  for (const double off : {-1.0, -0.2}) {  // seconds: pictures would be here before they were made
    Reporting camera;
    camera.encoder = milliseconds(100);
    camera.report_ticks_off = off * kRate;
    camera.run(minutes(2));
    EXPECT_FALSE(camera.timeline.camera_offset()) << off;
    EXPECT_EQ(camera.timeline.error_bound(), milliseconds(500));
    EXPECT_LE(camera.worst, milliseconds(150));
  }
  Reporting late;  // or five seconds on the way, all of them
  late.report_ticks_off = 5 * kRate;
  late.run(minutes(2));
  EXPECT_FALSE(late.timeline.camera_offset());
  EXPECT_LE(late.worst, milliseconds(500));
}

TEST(SenderReportsTest, GarbageBetweenGoodReportsIsOverlooked) {
  Reporting camera;
  camera.run(minutes(1));
  camera.begin_run();
  std::mt19937 random(5);
  for (int i = 0; i < 100; ++i) {
    const auto ticks = static_cast<uint32_t>(random());
    const WallTime garbage = from_us(static_cast<int64_t>(random()) * 1'000'000);
    camera.timeline.observe_report(ticks, garbage, camera.clock.steady_now());
    camera.run(seconds(3));
  }
  EXPECT_TRUE(camera.breaks.empty());
  EXPECT_LE(camera.worst, milliseconds(100));
}

TEST(SenderReportsTest, AStepOfTheHostClockTakesTheLineWithIt) {
  Reporting camera;
  camera.run(minutes(1));
  camera.begin_run();
  camera.clock.step_wall(hours(1));
  camera.run(milliseconds(80));
  ASSERT_FALSE(camera.breaks.empty());
  EXPECT_EQ(camera.breaks.front(), RunBreak::host_clock_step);
  camera.begin_run();
  EXPECT_EQ(camera.stated, milliseconds(100));
  camera.run(minutes(5));
  EXPECT_LE(camera.worst, milliseconds(100));
  EXPECT_LE(std::chrono::abs(*camera.timeline.camera_offset() + minutes(67)), milliseconds(10));
}

}  // namespace
}  // namespace mj::capture
