// The agent's small measures: the server's clock, our own, the back-off, the bandwidth and clean text.
#include <gmock/gmock.h>

#include "capture/agent/backoff.h"
#include "capture/agent/timekeeper.h"
#include "capture/agent/token_bucket.h"
#include "capture/agent/utf8.h"

namespace mj::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr WallTime kNow = from_us(1'795'000'000'000'000);

TEST(ServerClock, TakesTheMiddleOfTheRoundTrip) {
  ServerClock clock;
  EXPECT_EQ(clock.offset(), Duration::zero());
  EXPECT_TRUE(clock.measured(kNow + seconds(60), kNow + milliseconds(10), milliseconds(20)));
  EXPECT_EQ(clock.offset(), seconds(60));
}

TEST(ServerClock, PrefersTheShortestRoundTrip) {
  ServerClock clock;
  EXPECT_FALSE(clock.measured(kNow + milliseconds(5), kNow, milliseconds(4)));
  EXPECT_FALSE(clock.measured(kNow - milliseconds(60), kNow, milliseconds(200)));
  EXPECT_EQ(clock.offset(), milliseconds(7));
}

TEST(ServerClock, ForgetsWhatContradictsTheLatestAnswer) {
  ServerClock clock;
  EXPECT_FALSE(clock.measured(kNow, kNow, milliseconds(2)));
  EXPECT_TRUE(clock.measured(kNow - seconds(3600), kNow, milliseconds(100))) << "somebody set a clock";
  EXPECT_EQ(clock.offset(), seconds(-3600) + milliseconds(50));
}

TEST(ServerClock, ForgetsOldAnswersEvenWhenTheyWereBetter) {
  ServerClock clock;
  EXPECT_FALSE(clock.measured(kNow, kNow, milliseconds(2)));
  for (int i = 0; i < 16; ++i) EXPECT_FALSE(clock.measured(kNow + milliseconds(20), kNow, milliseconds(40)));
  EXPECT_EQ(clock.offset(), milliseconds(40));
}

TEST(Backoff, DoublesFromOneToThirtySecondsAndStartsAgain) {
  Backoff backoff;
  for (const int expected : {1, 2, 4, 8, 16, 30, 30}) EXPECT_EQ(backoff.next(0.0), seconds(expected));
  backoff.reset();
  EXPECT_EQ(backoff.next(0.0), seconds(1));
}

TEST(Backoff, ShortensByUpToAQuarter) {
  Backoff backoff;
  EXPECT_EQ(backoff.next(0.5), milliseconds(875));
  EXPECT_GT(backoff.next(0.999999), milliseconds(1500));
}

TEST(CleanUtf8, KeepsGoodTextAndMarksBadBytes) {
  EXPECT_EQ(clean_utf8("受理 - 政务 😀", 100), "受理 - 政务 😀");
  EXPECT_EQ(clean_utf8("a\xFF"
                       "b",
                       100),
            "a\uFFFDb");
  EXPECT_EQ(clean_utf8("\xE5\x8F", 100), "\uFFFD\uFFFD") << "cut short";
  EXPECT_EQ(clean_utf8("\xC0\xAF", 100), "\uFFFD\uFFFD") << "overlong";
  EXPECT_EQ(clean_utf8("\xED\xA0\x80", 100), "\uFFFD\uFFFD\uFFFD") << "a surrogate";
  EXPECT_EQ(clean_utf8("\xF4\x90\x80\x80", 100).size(), 12U) << "beyond Unicode";
}

TEST(CleanUtf8, NeverSplitsACharacter) {
  EXPECT_EQ(clean_utf8("受理", 5), "受");
  EXPECT_EQ(clean_utf8("受理", 6), "受理");
  EXPECT_EQ(clean_utf8("ab\xFF", 4), "ab");
  EXPECT_EQ(clean_utf8("受", 0), "");
}

/// A machine whose clocks the test turns.
class Machine final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return wall; }
  [[nodiscard]] SteadyTime steady_now() const override { return SteadyTime(steady); }
  void pass(Duration time) {
    wall += time;
    steady += time;
  }
  WallTime wall = kNow;
  Duration steady = seconds(1000);
};

class SleepyTimekeeper final : public Timekeeper {
 public:
  using Timekeeper::Timekeeper;
  Duration asleep{0};

 protected:
  [[nodiscard]] Duration slept() const override { return asleep; }
};

TEST(Timekeeper, GuessesUntilAServerAnswersFromWhatWasKnownLast) {
  Machine machine;
  const SleepyTimekeeper keeper(machine, {.offset = seconds(60), .not_before = kNow});
  EXPECT_EQ(keeper.now().at, kNow + seconds(60));
  EXPECT_EQ(keeper.now().error, seconds(60));
  machine.pass(seconds(5));
  EXPECT_EQ(keeper.now().at, kNow + seconds(65));
  EXPECT_FALSE(keeper.measured());
}

TEST(Timekeeper, NeverGuessesATimeBeforeWhatWasRecordedLast) {
  Machine machine;
  machine.wall = from_us(1'000'000);  // the battery of the clock is empty
  const SleepyTimekeeper keeper(machine, {.offset = seconds(60), .not_before = kNow});
  EXPECT_EQ(keeper.now().at, kNow);
  EXPECT_GE(keeper.now().error, std::chrono::hours(24));
}

TEST(Timekeeper, DoesNotMindStepsOfTheWallClockNorSleep) {
  Machine machine;
  SleepyTimekeeper keeper(machine, {});
  keeper.measured(kNow + seconds(10), milliseconds(4));
  EXPECT_LE(keeper.now().error, milliseconds(2));
  machine.pass(seconds(100));
  machine.wall -= std::chrono::hours(24);
  const SteadyTime grabbed = machine.steady_now() - seconds(1);
  keeper.asleep = seconds(500);
  const Stamp stamp = keeper.stamp(grabbed);
  EXPECT_EQ(stamp.at, kNow + seconds(10) - milliseconds(2) + milliseconds(4) + seconds(99 + 500));
  EXPECT_EQ(stamp.agent_time, machine.wall - seconds(1));
  EXPECT_EQ(stamp.offset, stamp.at - stamp.agent_time);
  EXPECT_GT(stamp.error, milliseconds(50)) << "it may have drifted since";
}

TEST(TokenBucket, MakesTheNextWaitNotTheOneThatIsThere) {
  const SteadyTime now{seconds(1000)};
  TokenBucket bucket(1000);
  EXPECT_EQ(bucket.wait(now), Duration::zero());
  bucket.sent(500, now);
  EXPECT_EQ(bucket.wait(now), milliseconds(500));
  EXPECT_EQ(bucket.wait(now + milliseconds(500)), Duration::zero());
  bucket.sent(500, now + seconds(60));
  EXPECT_EQ(bucket.wait(now + seconds(60)), milliseconds(500)) << "nothing is saved up";
  TokenBucket unbounded(0);
  unbounded.sent(1 << 30, now);
  EXPECT_EQ(unbounded.wait(now), Duration::zero());
}

}  // namespace
}  // namespace mj::agent
