#include "index/agents.h"

#include <gmock/gmock.h>

#include "index/sqlite.h"
#include "tests/index/hall.h"

namespace mj::index::test {
namespace {

using testing::SizeIs;

constexpr const char* kScreen = "ws-1.screen";

Digest digest(uint8_t value) {
  Digest out;
  out.fill(value);
  return out;
}

capture::ShotFacts entry(const std::string& agent, uint64_t number) {
  capture::ShotFacts facts;
  facts.title = "办件";
  facts.nominal = facts.configured = seconds(5);
  facts.entry = {agent, number, digest(static_cast<uint8_t>(number)), false, false};
  return facts;
}

class AgentsTest : public testing::Test {
 protected:
  void add_code(uint8_t code, const std::string& workstation = "ws-1") {
    ASSERT_TRUE(Agents::add_code(hall_.directory(), workstation, digest(code), hall_.clock().now(),
                                 hall_.clock().now() + std::chrono::hours(24)));
  }
  void state(const std::string& agent, uint64_t number, double begin, GapCause cause, bool gone = false) {
    hall_.index().on_outage({kScreen, at(begin), cause, "said by the agent",
                             capture::EntryRef{agent, number, gone ? Digest{} : digest(7), false, gone}});
    hall_.settle();
  }
  void shot(const std::string& agent, uint64_t number, double begin) {
    recorder_.fragment(at(begin), at(begin + 5), entry(agent, number));
    hall_.settle();
  }
  [[nodiscard]] std::string ledger(double from, double to) {
    const auto coverage = hall_.index().coverage(kScreen, at(from), at(to));
    EXPECT_EQ(unaccounted(*coverage, at(from)), seconds(0));
    return told(*coverage);
  }

  Hall hall_;
  FakeRecorder recorder_{hall_.index(), kScreen};
  Agents agents_{hall_.index()};
};

TEST_F(AgentsTest, ACodeEnrolsOnceAndOnlyInTime) {
  add_code(1);
  const auto enrolled = agents_.enrol(digest(1), "a1", Bytes(32, 1));
  ASSERT_TRUE(enrolled) << enrolled.error().message;
  EXPECT_EQ(enrolled->workstation, "ws-1");
  EXPECT_EQ(agents_.enrol(digest(1), "a2", Bytes(32, 2)).error().kind, ErrorKind::not_found);
  add_code(2);
  hall_.clock().advance(std::chrono::hours(24));
  EXPECT_EQ(agents_.enrol(digest(2), "a2", Bytes(32, 2)).error().kind, ErrorKind::not_found);
  add_code(3);
  EXPECT_EQ(agents_.enrol(digest(3), "a1", Bytes(32, 1)).error().kind, ErrorKind::invalid)
      << "numbers begin anew: an old key must not";
  EXPECT_TRUE(*agents_.in_force("a1"));
  EXPECT_TRUE(agents_.enrol(digest(3), "a2", Bytes(32, 2))) << "a code that was refused is not used up";
}

TEST_F(AgentsTest, ANewAgentTakesTheOldOnesPlaceAndARevokedOneIsOut) {
  add_code(1);
  ASSERT_TRUE(agents_.enrol(digest(1), "a1", Bytes(32, 1)));
  add_code(2);
  ASSERT_TRUE(agents_.enrol(digest(2), "a2", Bytes(32, 2)));
  EXPECT_FALSE(*agents_.in_force("a1"));
  EXPECT_EQ(agents_.of_workstation("ws-1")->id, "a2");
  add_code(3);
  EXPECT_EQ(*Agents::revoke(hall_.directory(), "ws-1", hall_.clock().now()), 1);
  EXPECT_FALSE(*agents_.in_force("a2"));
  EXPECT_EQ(agents_.enrol(digest(3), "a3", Bytes(32, 3)).error().kind, ErrorKind::not_found);
  EXPECT_EQ(*Agents::revoke(hall_.directory(), "ws-1", hall_.clock().now()), 0);
  const auto listed = Agents::list(hall_.directory());
  ASSERT_TRUE(listed) << listed.error().message;
  EXPECT_THAT(*listed, SizeIs(2));
}

TEST_F(AgentsTest, WhatIsDurableIsKnownAlsoAfterARestart) {
  add_code(1);
  ASSERT_TRUE(agents_.enrol(digest(1), "a1", Bytes(32, 1)));
  EXPECT_EQ(agents_.known(kScreen, "a1")->durable, 0U);
  EXPECT_EQ(agents_.known(kScreen, "a1")->at, kMidnight);
  shot("a1", 1, 0);
  shot("a1", 2, 5);
  state("a1", 3, 10, GapCause::screen_locked);
  hall_.reopen();
  const auto known = Agents(hall_.index()).known(kScreen, "a1");
  EXPECT_EQ(known->durable, 3U);
  EXPECT_EQ(known->chain, digest(7));
  ASSERT_TRUE(known->state);
  EXPECT_EQ(known->state->cause, GapCause::screen_locked);
  EXPECT_EQ(known->state->begin, at(10));
}

TEST_F(AgentsTest, TheListTellsWhatIsMissingAndWhatIsBroken) {
  add_code(1);
  ASSERT_TRUE(agents_.enrol(digest(1), "a1", Bytes(32, 1)));
  shot("a1", 1, 0);
  state("a1", 5, 5, GapCause::entries_missing, true);
  auto facts = entry("a1", 6);
  facts.entry.breaks = true;
  facts.nominal = seconds(60);
  recorder_.fragment(at(20), at(80), facts);
  hall_.settle();
  const auto report = Agents::list(hall_.directory())->at(0);
  EXPECT_EQ(report.durable, 6U);
  EXPECT_EQ(report.missing, 4U);
  EXPECT_EQ(report.breaks, 1U);
  EXPECT_TRUE(report.thinned);
  EXPECT_FALSE(agents_.known(kScreen, "a1")->state) << "a hole in the numbers says nothing about the screen";
}

TEST_F(AgentsTest, AWordOfTheSpoolTakesThePlaceOfWhatWeThoughtMeanwhile) {
  shot("a1", 1, 0);
  shot("a1", 2, 5);
  recorder_.outage(at(10), GapCause::agent_away);
  recorder_.close();
  hall_.clock().set(at(1000));
  EXPECT_EQ(ledger(0, 1000), "footage 0-10, gap 10- agent_away");
  shot("a1", 3, 10);
  shot("a1", 4, 15);
  state("a1", 5, 22, GapCause::screen_locked);
  EXPECT_EQ(ledger(0, 1000), "footage 0-20, gap 20- screen_locked");
  shot("a1", 6, 500);
  hall_.clock().set(at(506));
  EXPECT_EQ(ledger(0, 505), "footage 0-20, gap 20-500 screen_locked, footage 500-505");
}

TEST_F(AgentsTest, ASpoolFillsTheGapsOfAServerThatWasAwayToo) {
  shot("a1", 1, 0);
  recorder_.outage(at(5), GapCause::shutdown);
  recorder_.close();
  hall_.clock().set(at(100));
  hall_.reopen();
  FakeRecorder recorder(hall_.index(), kScreen);
  recorder.outage(at(100), GapCause::agent_away);
  hall_.settle();
  hall_.clock().set(at(101));
  EXPECT_EQ(ledger(0, 101), "footage 0-5, gap 5-100 shutdown, gap 100- agent_away");
  // Five seconds apart, and each a little late.
  uint64_t number = 2;
  for (double begin = 5.01; begin < 60; begin += 5.01)
    recorder.fragment(at(begin), at(begin + 5), entry("a1", number++));
  hall_.settle();
  hall_.clock().set(at(120));
  EXPECT_EQ(ledger(0, 120), "footage 0-60.11, gap 60.11-100 shutdown, gap 100- agent_away");
  for (double begin = 60.12; begin < 110; begin += 5.01)
    recorder.fragment(at(begin), at(begin + 5), entry("a1", number++));
  hall_.settle();
  EXPECT_EQ(ledger(0, 112), "footage 0-110.21");
}

TEST_F(AgentsTest, NoGapRowOverlapsWhatASpoolBrought) {
  shot("a1", 1, 0);
  recorder_.outage(at(5), GapCause::shutdown);
  recorder_.close();
  hall_.clock().set(at(1000));
  hall_.reopen();
  FakeRecorder recorder(hall_.index(), kScreen);
  recorder.outage(at(500), GapCause::agent_away);
  recorder.fragment(at(5), at(10), entry("a1", 2));
  hall_.index().on_outage(
      {kScreen, at(10), GapCause::paused_by, "reason", capture::EntryRef{"a1", 3, {}, false, false}});
  recorder.fragment(at(700), at(705), entry("a1", 4));
  recorder.close();
  hall_.settle();
  const auto database = Database::open(hall_.directory() / "index.db", Database::Mode::read);
  std::string rows;
  ASSERT_TRUE((*database)->each(
      "SELECT begin_us, end_us, cause FROM gaps JOIN streams ON streams.id = stream WHERE key = "
      "'ws-1.screen' "
      "AND begin_us > ?1 ORDER BY begin_us",
      [&](const Statement& row) {
        rows += fmt::format("{}-{} {};", (row.time(0) - kMidnight).count() / 1'000'000,
                            (row.time(1) - kMidnight).count() / 1'000'000, row.text(2));
      },
      kMidnight));
  EXPECT_EQ(rows, "10-700 paused_by;");
}

}  // namespace
}  // namespace mj::index::test
