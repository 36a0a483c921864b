// The agent's small measures: the server's clock, the back-off, clean text and the body of a shot.
#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "capture/agent/backoff.h"
#include "capture/agent/server_clock.h"
#include "capture/agent/shot_body.h"
#include "capture/agent/utf8.h"
#include "tests/agent/shot_reader.h"

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

TEST(ShotBody, CarriesEverythingTheServerNeeds) {
  capture::Shot shot;
  shot.key = true;
  shot.nominal = seconds(5);
  shot.avc_config = std::string("\x01\xF4\x00\x1F", 4);
  shot.access_unit = {0, 0, 0, 1, 0x65};
  shot.facts = {.title = "“引号\"与\n换行”",
                .program = "Approval",
                .user = "clerk",
                .idle_ms = 1234,
                .agent_time = kNow,
                .input_sha256 = "ab"};
  const test::ReceivedShot read = test::read_shot(shot_body(shot, milliseconds(-250)));
  EXPECT_EQ(read.avc_config, shot.avc_config);
  EXPECT_EQ(read.access_unit, shot.access_unit);
  EXPECT_EQ(read.text("title"), shot.facts.title);
  EXPECT_EQ(read.text("program"), "Approval");
  EXPECT_EQ(read.text("user"), "clerk");
  EXPECT_EQ(read.text("input_sha256"), "ab");
  EXPECT_EQ(read.number("agent_time_us"), to_us(kNow));
  EXPECT_EQ(read.number("offset_us"), -250000);
  EXPECT_EQ(read.number("nominal_ms"), 5000);
  EXPECT_EQ(read.number("idle_ms"), 1234);
  EXPECT_TRUE(read.key());
}

}  // namespace
}  // namespace mj::agent
