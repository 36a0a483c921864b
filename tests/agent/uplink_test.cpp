#include "capture/agent/uplink.h"

#include <gmock/gmock.h>

#include "tests/agent/fake_intake.h"

namespace mj::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::answer;

/// The steady clock stands still until the test moves it.
class HeldClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return SystemClock().now(); }
  [[nodiscard]] SteadyTime steady_now() const override {
    return SteadyTime(SteadyTime::duration(steady_.load()));
  }
  void pass(Duration time) { steady_ += SteadyTime::duration(time).count(); }

 private:
  std::atomic<SteadyTime::rep> steady_{SteadyTime::duration(seconds(1000)).count()};
};

capture::Shot shot(bool key, const std::string& title) {
  capture::Shot shot;
  shot.key = key;
  shot.nominal = seconds(5);
  shot.avc_config = "avcC";
  shot.access_unit = {1, 2, 3};
  shot.facts.title = title;
  shot.facts.agent_time = SystemClock().now();
  return shot;
}

class UplinkTest : public testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(intake_.complaints(), ""); }

  std::unique_ptr<Uplink> start() {
    return std::move(*Uplink::start({.server = intake_.url(),
                                     .ca_file = intake_.ca_file(),
                                     .workstation = "ws-w1",
                                     .token = Secret(test::FakeIntake::kToken)},
                                    clock_));
  }
  /// A failed delivery is over when the uplink leaves the server alone.
  static void wait_until_away(const Uplink& uplink) {
    while (uplink.ready()) std::this_thread::yield();
  }

  test::FakeIntake intake_;
  HeldClock clock_;
};

TEST_F(UplinkTest, DeliversInOrder) {
  const auto uplink = start();
  EXPECT_TRUE(uplink->ready());
  EXPECT_TRUE(uplink->key_wanted()) << "nothing was sent yet";
  ASSERT_TRUE(uplink->offer(shot(true, "one")));
  ASSERT_TRUE(uplink->offer(shot(false, "two")));
  const auto shots = intake_.wait_for_shots(2);
  EXPECT_EQ(shots[0].text("title"), "one");
  EXPECT_EQ(shots[1].text("title"), "two");
}

TEST_F(UplinkTest, LeavesAServerAloneThatFailedAndGoesOnWithAKeyFrame) {
  const auto uplink = start();
  intake_.refuse_next({answer(503, R"({"error":{"kind":"unavailable","message":"starting"}})")});
  ASSERT_TRUE(uplink->offer(shot(true, "lost")));
  wait_until_away(*uplink);
  EXPECT_TRUE(uplink->key_wanted());
  clock_.pass(milliseconds(700));
  EXPECT_FALSE(uplink->ready());
  clock_.pass(milliseconds(300));
  EXPECT_TRUE(uplink->ready());
  ASSERT_TRUE(uplink->offer(shot(false, "useless")));
  ASSERT_TRUE(uplink->offer(shot(true, "again")));
  ASSERT_TRUE(uplink->offer(shot(false, "and on")));
  const auto shots = intake_.wait_for_shots(2);
  EXPECT_EQ(shots[0].text("title"), "again");
  EXPECT_EQ(shots[1].text("title"), "and on");
}

TEST_F(UplinkTest, WaitsAsLongAsTheServerSaysButNotForEver) {
  const auto uplink = start();
  intake_.refuse_next(
      {answer(429, "{}", "Retry-After: 20\r\n"), answer(429, "{}", "Retry-After: 99999999\r\n")});
  ASSERT_TRUE(uplink->offer(shot(true, "")));
  wait_until_away(*uplink);
  clock_.pass(milliseconds(19'999));
  EXPECT_FALSE(uplink->ready());
  clock_.pass(milliseconds(1));
  EXPECT_TRUE(uplink->ready());
  ASSERT_TRUE(uplink->offer(shot(true, "")));
  wait_until_away(*uplink);
  clock_.pass(seconds(300));
  EXPECT_TRUE(uplink->ready());
}

TEST_F(UplinkTest, DoesNotHammerAServerThatRefusesItsToken) {
  const auto uplink = start();
  intake_.refuse_next({answer(401, R"({"error":{"kind":"denied","message":"unknown token"}})")});
  ASSERT_TRUE(uplink->offer(shot(true, "")));
  wait_until_away(*uplink);
  clock_.pass(seconds(19));
  EXPECT_FALSE(uplink->ready());
}

TEST_F(UplinkTest, SurvivesAnswersThatAreNone) {
  const auto uplink = start();
  std::size_t answered = 0;
  for (const char* body :
       {"", "[1]", R"({"server_time_us":"x"})", R"({"server_time_us":1e99})", "nonsense"}) {
    intake_.refuse_next({answer(200, body)});
    ASSERT_TRUE(uplink->offer(shot(true, body)));
    intake_.wait_for_refusals(++answered);
  }
  EXPECT_TRUE(uplink->ready());
}

TEST_F(UplinkTest, TellsThatAKeyFrameIsWanted) {
  const auto uplink = start();
  intake_.want_key();
  intake_.set_clock(Duration::zero());
  ASSERT_TRUE(uplink->offer(shot(true, "first")));
  intake_.wait_for_shots(1);
  while (uplink->key_wanted()) std::this_thread::yield();
  intake_.want_key();
  ASSERT_TRUE(uplink->offer(shot(false, "second")));
  intake_.wait_for_shots(2);
  while (!uplink->key_wanted()) std::this_thread::yield();
}

TEST_F(UplinkTest, MeasuresTheServersClockAndBeginsAnewWithIt) {
  intake_.set_clock(seconds(3600));
  const auto uplink = start();
  ASSERT_TRUE(uplink->offer(shot(true, "first")));
  EXPECT_EQ(intake_.wait_for_shots(1)[0].number("offset_us"), 0);
  ASSERT_TRUE(uplink->offer(shot(true, "second")));
  const int64_t offset = intake_.wait_for_shots(2)[1].number("offset_us");
  EXPECT_NEAR(static_cast<double>(offset), 3600e6, 2e6);
}

TEST_F(UplinkTest, RefusesMoreThanItCanHold) {
  const auto uplink = start();
  intake_.refuse_next({{.bytes = "", .hang = true}});
  ASSERT_TRUE(uplink->offer(shot(true, "stuck")));
  intake_.wait_for_refusals(1);
  int taken = 0;
  while (taken < 100 && uplink->offer(shot(true, "queued"))) ++taken;
  EXPECT_LT(taken, 10);
}

TEST_F(UplinkTest, StopsInTheMiddleOfARequest) {
  auto uplink = start();
  intake_.refuse_next({{.bytes = "", .hang = true}});
  ASSERT_TRUE(uplink->offer(shot(true, "stuck")));
  intake_.wait_for_refusals(1);
  const auto begin = std::chrono::steady_clock::now();
  uplink.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(5));
}

}  // namespace
}  // namespace mj::agent
