#include "server/throttle.h"

#include <gtest/gtest.h>

#include "tests/server/hand_clock.h"

namespace mj::server {
namespace {

using std::chrono::seconds;

TEST(Throttle, FiveFailuresAreFreeThenTheWaitDoubles) {
  test::HandClock clock;
  Throttle throttle(clock);
  for (int i = 0; i < 4; ++i) throttle.failed("a");
  EXPECT_EQ(throttle.wait("a"), seconds(0));
  throttle.failed("a");
  EXPECT_EQ(throttle.wait("a"), seconds(5));
  clock.advance(seconds(5));
  EXPECT_EQ(throttle.wait("a"), seconds(0));
  throttle.failed("a");
  EXPECT_EQ(throttle.wait("a"), seconds(10));
  for (int i = 0; i < 40; ++i) throttle.failed("a");
  EXPECT_EQ(throttle.wait("a"), seconds(900));
}

TEST(Throttle, KeysDoNotTouchEachOther) {
  test::HandClock clock;
  Throttle throttle(clock);
  for (int i = 0; i < 5; ++i) throttle.failed("a");
  EXPECT_EQ(throttle.wait("b"), seconds(0));
}

TEST(Throttle, SuccessForgets) {
  test::HandClock clock;
  Throttle throttle(clock);
  for (int i = 0; i < 4; ++i) throttle.failed("a");
  throttle.succeeded("a");
  for (int i = 0; i < 4; ++i) throttle.failed("a");
  EXPECT_EQ(throttle.wait("a"), seconds(0));
}

TEST(Throttle, OldFailuresNoLongerCount) {
  test::HandClock clock;
  Throttle throttle(clock);
  for (int i = 0; i < 4; ++i) throttle.failed("a");
  clock.advance(seconds(3601));
  throttle.failed("a");
  EXPECT_EQ(throttle.wait("a"), seconds(0));
}

TEST(Throttle, RemembersABoundedNumberOfKeys) {
  test::HandClock clock;
  Throttle throttle(clock, 1);
  throttle.failed("first");
  for (int i = 0; i < 10000; ++i) {
    clock.advance(std::chrono::milliseconds(1));
    throttle.failed(std::to_string(i));
  }
  EXPECT_EQ(throttle.wait("first"), seconds(0));
  EXPECT_GT(throttle.wait("9999"), seconds(0));
}

}  // namespace
}  // namespace mj::server
