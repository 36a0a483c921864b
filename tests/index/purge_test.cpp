#include <gmock/gmock.h>

#include "index/purge_clock.h"
#include "tests/index/purging.h"

namespace mj::index::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kScreen = "ws-1.screen";

class Purge : public Purging {
 protected:
  void change(const char* sql, WallTime moment) {
    const auto database = Database::open(hall_.directory() / "index.db", Database::Mode::write).value();
    const auto changed = database->run(sql, moment);
    ASSERT_TRUE(changed) << changed.error().message;
  }
};

TEST_F(Purge, DeletesWhatIsOldEnoughOldestFirst) {
  record(100, 400);
  set_clock(kDay + 255);
  PurgeStatus status = turn(5);
  EXPECT_TRUE(status.more);
  EXPECT_EQ(coverage(), "purged 100-150, footage 150-400");
  EXPECT_EQ(status.due, 10U);
  EXPECT_EQ(status.overdue, seconds(255 - 160));
  while (status.more) status = turn(5);
  EXPECT_EQ(coverage(), "purged 100-250, footage 250-400") << "250-260 ended less than a day ago";
  EXPECT_EQ(files(), 15U);
  EXPECT_EQ(status.segments, 15U);
  EXPECT_GT(status.bytes, 15'000U);
  EXPECT_EQ(status.garbage, 0U);
  EXPECT_EQ(index().fragments(kCam, at(100), at(250)).value().size(), 0U);
  EXPECT_EQ(index().purge_status().segments, 15U);
  const auto read = read_ledger(hall_.directory(), kCam, at(100), at(400), hall_.clock()).value();
  EXPECT_EQ(told(read.front().second), "purged 100-250, footage 250-400");
}

TEST_F(Purge, TakesTheOldestOfAllStreams) {
  record(200, 300);
  record(100, 300, "cam-hall.main");
  set_clock(2 * kDay);
  turn(12);
  EXPECT_EQ(coverage(100, 300, "cam-hall.main"), "purged 100-210, footage 210-300");
  EXPECT_EQ(coverage(200, 300), "purged 200-210, footage 210-300");
}

TEST_F(Purge, WithoutARetentionNothingIsDeleted) {
  record(100, 400);
  set_clock(1'000 * kDay);
  EXPECT_EQ(turn(200, 0).due, 0U);
  EXPECT_EQ(files(), 30U);
}

TEST_F(Purge, NeverTouchesWhatIsOpen) {
  FakeRecorder camera(index(), kCam);
  camera.fragment(at(100), at(101));
  hall_.settle();
  set_clock(1'000 * kDay);
  EXPECT_EQ(turn().segments, 0U);
  camera.close();
  hall_.settle();
  EXPECT_EQ(turn().segments, 1U);
}

TEST_F(Purge, LeavesOneRecordADayAndKeepsGaps) {
  record(100, 200);
  FakeRecorder(index(), kCam).outage(at(200), GapCause::stalled);
  record(250, 400);
  set_clock(kDay + 300);
  turn();
  EXPECT_EQ(coverage(), "purged 100-200, gap 200-250 stalled, purged 250-300, footage 300-400");
  EXPECT_EQ(number("SELECT count(*) FROM purges"), 1);
  EXPECT_EQ(number("SELECT segments FROM purges WHERE rule = 'retention.days = 1'"), 15);
  set_clock(2 * kDay);
  turn();
  EXPECT_EQ(coverage(), "purged 100-200, gap 200-250 stalled, purged 250-300, purged 300-400")
      << "of two days, told apart";
  EXPECT_EQ(number("SELECT count(*) FROM purges"), 2);
  EXPECT_EQ(number("SELECT count(*) FROM garbage"), 0);
}

TEST_F(Purge, ACaseSaysByWhichRuleAndWhen) {
  record(100, 200);
  Event event;
  event.id = "e1";
  event.at = at(120);
  event.window = "w1";
  event.ticket = "A001";
  event.case_number = "SC-1";
  event.raw = "{}";
  ASSERT_TRUE(index().ingest("queue", {event}));
  set_clock(1.5 * kDay);
  turn();
  const auto stream = index().case_answer("SC-1").value().visits.at(0).streams.at(0);
  EXPECT_EQ(stream.key, kCam);
  EXPECT_EQ(stream.state, FootageState::purged);
  EXPECT_EQ(stream.cause, std::nullopt);
  EXPECT_EQ(stream.detail, "retention.days = 1, deleted on 2026-11-22");
}

TEST_F(Purge, WhatAScreenShowedGoesWithIt) {
  FakeRecorder screen(index(), kScreen);
  screen.fragment(at(100), at(105), capture::ShotFacts{});
  screen.close();
  screen.fragment(at(kDay), at(kDay + 5), capture::ShotFacts{});
  screen.close();
  hall_.settle();
  set_clock(kDay + 200);
  turn();
  EXPECT_THAT(index().shots(kScreen, at(0), at(2 * kDay), 10).value(), SizeIs(1));
}

TEST_F(Purge, GoesOnAfterAKillOrAPowerCutAtAnyStep) {
  for (int step = 1;; ++step) {
    record(100, 200);
    set_clock(kDay + 150);
    files_.fail_at(step, ErrorKind::internal, true);  // from here on nothing happens: the process is dead
    turn();
    const bool struck = files_.struck();
    EXPECT_EQ(coverage(100, 200), "purged 100-150, footage 150-200") << step;
    files_.heal();
    step % 2 == 0 ? files_.kill() : files_.power_cut();
    hall_.reopen();
    EXPECT_EQ(coverage(100, 200), "purged 100-150, footage 150-200") << step;
    turn();
    EXPECT_EQ(coverage(100, 200), "purged 100-150, footage 150-200") << step;
    EXPECT_EQ(files(), 5U) << step;
    EXPECT_EQ(number("SELECT count(*) FROM garbage"), 0) << step;
    EXPECT_EQ(number("SELECT sum(segments) FROM purges"), 5) << step;
    if (!struck) break;
    ASSERT_LT(step, 50);
    change("DELETE FROM purges WHERE begin_us > ?1", at(0));
    change("DELETE FROM segments WHERE start_us > ?1", at(0));
  }
}

TEST_F(Purge, WhatCannotBeDeletedIsToldAndTriedAgainLater) {
  record(100, 200);
  set_clock(kDay + 130);
  files_.fail_at(1, ErrorKind::denied, true);
  PurgeStatus status = turn();
  EXPECT_EQ(status.segments, 0U);
  EXPECT_EQ(status.garbage, 3U);
  EXPECT_EQ(status.errors, 3U);
  EXPECT_THAT(status.trouble, HasSubstr("store s1"));
  EXPECT_EQ(coverage(100, 200), "purged 100-130, footage 130-200");
  const int operations = files_.operations();
  turn();
  EXPECT_EQ(files_.operations(), operations) << "no attempt before it is time";
  hall_.clock().advance(seconds(11));
  EXPECT_EQ(turn().errors, 6U + 1U) << "and what became due meanwhile";
  files_.heal();
  hall_.clock().advance(seconds(21));
  status = turn();
  EXPECT_EQ(status.garbage, 0U);
  EXPECT_THAT(status.trouble, IsEmpty());
  EXPECT_EQ(status.segments, 6U);
  EXPECT_EQ(files(), 4U);
}

TEST_F(Purge, TakesNothingMoreFromAStoreThatRefuses) {
  record(100, 1'100);
  set_clock(2 * kDay);
  files_.fail_at(1, ErrorKind::denied, true);
  EXPECT_EQ(turn(70).garbage, 70U);
  hall_.clock().advance(seconds(1));
  EXPECT_EQ(turn(70).garbage, 70U);
  files_.heal();
  hall_.clock().advance(seconds(60));
  EXPECT_EQ(turn(70).garbage, 0U);
  EXPECT_EQ(turn(70).segments, 100U);
  EXPECT_EQ(files(), 0U);
}

TEST_F(Purge, WhatLiesInAMissingStoreWaitsAndKeepsNobodyElse) {
  record(100, 1'100);
  change("INSERT INTO stores (name) SELECT 's2' WHERE ?1 > 0", at(0));
  change("UPDATE segments SET store = (SELECT id FROM stores WHERE name = 's2') WHERE start_us < ?1",
         at(900));
  set_clock(2 * kDay);
  turn();
  EXPECT_EQ(turn().segments, 20U) << "80 rows are stepped over";
  EXPECT_EQ(coverage(100, 1'100), "footage 100-900, purged 900-1100");
  EXPECT_EQ(index().purge_status().due, 100U) << "as counted a minute ago at most";
  hall_.clock().advance(seconds(61));
  const PurgeStatus status = turn();
  EXPECT_EQ(status.due, 80U);
  EXPECT_GT(status.overdue, seconds(kDay - 200));
  const storage::Remover both({{"s1", "/store", 0}, {"s2", "/other", 0}}, files_);
  EXPECT_EQ(index().purge(both, 1, {}).value().segments, 20U) << "the disk there is not that of s2";
  change("UPDATE segments SET store = 1 WHERE start_us < ?1", at(900));
  hall_.clock().advance(std::chrono::hours(1));
  EXPECT_EQ(turn().segments, 100U);
  EXPECT_EQ(coverage(100, 1'100), "purged 100-1100");
}

// --- the clock -----------------------------------------------------------------------------------

TEST_F(Purge, AJumpOfTenYearsDeletesNothing) {
  record(100, 400);
  turn();
  hall_.clock().advance(seconds(300));
  hall_.clock().set(at(3'650 * kDay));
  for (int hour = 0; hour < 20; ++hour) {
    EXPECT_EQ(turn(200, 90).segments, 0U);
    hall_.clock().advance(std::chrono::hours(1));
  }
  EXPECT_GT(index().purge_status().clock_behind, seconds(3'600 * kDay));
  hall_.reopen();
  EXPECT_EQ(turn(200, 90).segments, 0U) << "nor after a restart";
  set_clock(3'650 * kDay);
  EXPECT_EQ(turn(200, 90).segments, 30U) << "but when a person says so";
}

TEST_F(Purge, AfterAWeekOffItIsLateByThatAndThenInTime) {
  record(100, 400);
  turn();
  hall_.reopen();
  hall_.clock().set(at(7 * kDay));
  EXPECT_EQ(turn().segments, 0U);
  EXPECT_GT(index().purge_status().overdue, seconds(5 * kDay));
  for (int hour = 0; hour < 24 * 7; ++hour) {
    hall_.clock().advance(std::chrono::hours(1));
    turn();
  }
  EXPECT_EQ(index().purge_status().segments, 30U);
  EXPECT_LT(index().purge_status().clock_behind, std::chrono::hours(1));
}

TEST_F(Purge, FootageDatedByAClockThatFellBackIsAsOldAsItIs) {
  set_clock(100 * kDay);
  turn();
  hall_.clock().set(at(50 * kDay));  // the battery is empty
  turn();
  record(static_cast<int>(50 * kDay) + 60, static_cast<int>(50 * kDay) + 120);
  hall_.clock().set(at(100 * kDay + 300));
  hall_.clock().advance(seconds(300));
  EXPECT_EQ(turn().segments, 0U) << "it is minutes old, not fifty days";
  set_clock(101 * kDay + 300);
  EXPECT_EQ(turn().segments, 6U);
}

TEST(PurgeClockTest, GainsAtMostWhatPasses) {
  PurgeClock clock;
  clock.resume(at(1'000), at(5'000));
  SteadyTime steady{};
  clock.tick(at(50'000), steady);
  EXPECT_EQ(clock.now(), at(1'000)) << "what was kept counts, not the footage";
  clock.tick(at(50'100), steady += seconds(100));
  EXPECT_EQ(clock.now(), at(1'200));
  EXPECT_EQ(clock.behind(), seconds(48'900));
  clock.tick(at(99'000), steady += seconds(48'900));
  EXPECT_EQ(clock.now(), at(99'000));
  clock.tick(at(99'001), steady += seconds(1));
  EXPECT_EQ(clock.now(), at(99'001));
}

TEST(PurgeClockTest, FollowsAClockThatGoesBackButRemembers) {
  PurgeClock clock;
  clock.resume(at(10 * kDay), std::nullopt);
  SteadyTime steady{};
  clock.tick(at(0), steady);
  EXPECT_EQ(clock.now(), at(0));
  EXPECT_TRUE(clock.host_fell_back());
  clock.tick(at(10 * kDay + 30), steady += seconds(30));
  EXPECT_EQ(clock.now(), at(10 * kDay + 30));
  EXPECT_FALSE(clock.host_fell_back());
}

TEST(PurgeClockTest, BelievesTheHostOfANewHallAfterAnHour) {
  PurgeClock clock;
  clock.resume(std::nullopt, std::nullopt);
  SteadyTime steady{};
  clock.tick(at(-900 * kDay), steady);
  EXPECT_EQ(clock.now(), std::nullopt);
  clock.tick(at(60), steady += seconds(60));  // the time server answered
  EXPECT_EQ(clock.now(), std::nullopt);
  clock.tick(at(3'600), steady += seconds(3'540));
  EXPECT_EQ(clock.now(), at(3'600));
}

}  // namespace
}  // namespace mj::index::test
