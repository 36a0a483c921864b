#include "config/base/time.h"

#include <gtest/gtest.h>

#include <limits>

namespace mj {
namespace {

TEST(Rfc3339, ReadsEveryOffsetAsUtc) {
  const int64_t expected = 1'795'225'512'000'000;  // date -u -d 2026-11-21T01:45:12Z +%s
  for (const char* text :
       {"2026-11-21T01:45:12Z", "2026-11-21T09:45:12+08:00", "2026-11-20T15:15:12-10:30",
        "2026-11-21t01:45:12z", "2026-11-21 01:45:12.000Z", "2026-11-21T01:45:12.000000000-00:00"}) {
    const auto time = parse_rfc3339(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(to_us(*time), expected) << text;
  }
}

TEST(Rfc3339, CutsFractionsFinerThanAMicrosecond) {
  EXPECT_EQ(to_us(*parse_rfc3339("1970-01-01T00:00:00.1Z")), 100'000);
  EXPECT_EQ(to_us(*parse_rfc3339("1970-01-01T00:00:00.123456789Z")), 123'456);
  EXPECT_EQ(to_us(*parse_rfc3339("1969-12-31T23:59:59.999999Z")), -1);
}

TEST(Rfc3339, TakesALeapSecondForTheNextMinute) {
  EXPECT_EQ(*parse_rfc3339("2016-12-31T23:59:60Z"), *parse_rfc3339("2017-01-01T00:00:00Z"));
}

TEST(Rfc3339, KnowsLeapYears) {
  EXPECT_TRUE(parse_rfc3339("2024-02-29T00:00:00Z"));
  EXPECT_FALSE(parse_rfc3339("2026-02-29T00:00:00Z"));
  EXPECT_FALSE(parse_rfc3339("2100-02-29T00:00:00Z"));
}

TEST(Rfc3339, RefusesEverythingElse) {
  for (const char* text : {"",
                           "2026",
                           "2026-11-21",
                           "2026-11-21T01:45:12",
                           "2026-11-21T01:45Z",
                           "2026-11-21T24:00:00Z",
                           "2026-11-21T01:60:00Z",
                           "2026-11-21T01:45:61Z",
                           "2026-13-01T00:00:00Z",
                           "2026-00-01T00:00:00Z",
                           "2026-11-31T00:00:00Z",
                           "2026-11-21T01:45:12.Z",
                           "2026-11-21T01:45:12.1234567890Z",
                           "2026-11-21T01:45:12+8:00",
                           "2026-11-21T01:45:12+24:00",
                           "2026-11-21T01:45:12+08:60",
                           "2026-11-21T01:45:12Z ",
                           " 2026-11-21T01:45:12Z",
                           "-026-11-21T01:45:12Z",
                           "+2026-11-21T01:45:12Z",
                           "2026/11/21T01:45:12Z",
                           "２０２６-11-21T01:45:12Z"}) {
    const auto time = parse_rfc3339(text);
    ASSERT_FALSE(time) << text;
    EXPECT_EQ(time.error().kind, ErrorKind::invalid);
  }
}

TEST(Rfc3339, FormatsWhatItReads) {
  for (const char* text :
       {"2026-11-21T01:45:12.000000Z", "1969-12-31T23:59:59.999999Z", "0000-01-01T00:00:00.000000Z",
        "9999-12-31T23:59:59.999999Z", "2000-02-29T12:00:00.000001Z"}) {
    EXPECT_EQ(format_rfc3339(*parse_rfc3339(text)), text);
  }
}

TEST(Ticks, RoundToNearest) {
  EXPECT_EQ(to_ticks(std::chrono::seconds(1), 90000), 90000);
  EXPECT_EQ(to_ticks(Duration(33'333), 90000), 3000);
  EXPECT_EQ(to_ticks(Duration(33'339), 90000), 3001);
  EXPECT_EQ(to_ticks(Duration(-33'333), 90000), -3000);
  EXPECT_EQ(from_ticks(3003, 90000), Duration(33'367));
  EXPECT_EQ(from_ticks(-3003, 90000), Duration(-33'367));
  EXPECT_EQ(from_ticks(1, 1), std::chrono::seconds(1));
}

TEST(Ticks, SurviveTenYearsAtNinetyKilohertzAndBack) {
  const Duration ten_years = std::chrono::hours(24 * 3653) + Duration(1);
  EXPECT_NEAR(static_cast<double>((from_ticks(to_ticks(ten_years, 90000), 90000) - ten_years).count()), 0, 6);
}

TEST(Ticks, StayWithinBoundsOnHostileInput) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
  EXPECT_EQ(from_ticks(kMost, 1).count(), kMost);
  EXPECT_EQ(from_ticks(kLeast, 1).count(), kLeast);
  EXPECT_EQ(from_ticks(kMost, 0), Duration::zero());
  EXPECT_EQ(to_ticks(Duration(kMost), 4'294'967'295U), kMost);
  EXPECT_EQ(to_ticks(Duration(kLeast), 4'294'967'295U), kLeast);
}

TEST(SystemClock, ReadsBothClocks) {
  const SystemClock clock;
  const auto before = clock.steady_now();
  EXPECT_GT(clock.now(), *parse_rfc3339("2024-01-01T00:00:00Z"));
  EXPECT_GE(clock.steady_now(), before);
}

}  // namespace
}  // namespace mj
