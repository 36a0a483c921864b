#include "index/holds.h"

#include <gmock/gmock.h>

#include <random>

#include "tests/index/purging.h"

namespace mj::index::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const HoldPerson kZhao{"zhao", "赵敏"};

class HoldsTest : public Purging {
 protected:
  HoldsTest() { hall_.clock().set(at(40'000)); }

  Holds holds() { return Holds(index()); }
  Result<Hold> hold(double from, double to, const char* stream = kCam) {
    return holds().place({"", {stream}, at(from), at(to), "纪检调查", kZhao});
  }
  Result<Hold> hold_case(const std::string& number) {
    return holds().place({number, {}, {}, {}, "投诉", kZhao});
  }
  Hold placed(const Result<Hold>& hold) {
    EXPECT_TRUE(hold) << hold.error().message;
    return hold.value_or(Hold{});
  }
  void ingest(Event::Type type, double when, const char* window, const char* ticket,
              const char* number = "") {
    Event event;
    event.id = std::to_string(++events_);
    event.type = type;
    event.at = at(when);
    event.window = window;
    event.ticket = ticket;
    event.case_number = number;
    event.raw = "{}";
    const auto done = index().ingest("feed", {event});
    ASSERT_TRUE(done) << done.error().message;
  }
  void serve(double from, double to, const char* window, const char* ticket, const char* number = "") {
    ingest(Event::Type::ticket_called, from, window, ticket, number);
    ingest(Event::Type::ticket_finished, to, window, ticket);
  }
  /// "cam-w1.main 880-1220, ..." of a hold as it is listed now.
  std::string held(int64_t id) {
    std::string text;
    const auto page = holds().list({.lifted = true});
    for (const auto& hold : page->holds) {
      if (hold.id != id) continue;
      for (const auto& span : hold.held) {
        text += fmt::format("{}{} {:g}-{:g}", text.empty() ? "" : ", ", span.stream,
                            double((span.from - kMidnight).count()) / 1e6,
                            double((span.to - kMidnight).count()) / 1e6);
      }
    }
    return text;
  }

  int events_ = 0;
};

TEST_F(HoldsTest, HeldFootagePastItsTimeStaysAndWhatIsAroundItGoes) {
  record(100, 400);
  const Hold kept = placed(hold(205, 255));
  EXPECT_EQ(kept.segments, 6U);
  EXPECT_GT(kept.bytes, 6'000U);
  EXPECT_TRUE(kept.complete);
  set_clock(2 * kDay);
  const PurgeStatus status = turn();
  EXPECT_EQ(coverage(), "purged 100-200, footage 200-260, purged 260-400");
  EXPECT_FALSE(status.more);
  hall_.clock().advance(seconds(61));
  EXPECT_EQ(turn().due, 0U) << "nobody is to be woken because of a hold";
  EXPECT_EQ(index().purge_status().overdue, Duration(0));
  EXPECT_EQ(files(), 6U);
  EXPECT_EQ(number("SELECT count(*) FROM purges"), 2) << "no record reaches over footage";
  ASSERT_TRUE(holds().lift(kept.id, "结案", kZhao));
  hall_.clock().advance(seconds(61));
  turn();
  EXPECT_EQ(coverage(), "purged 100-400");
}

TEST_F(HoldsTest, AReasonHasAWordInIt) {
  for (const char* reason : {"", "  ", "\u3000", "--"}) {
    EXPECT_EQ(holds().place({"", {kCam}, at(100), at(200), reason, kZhao}).error().kind, ErrorKind::invalid);
  }
  const Hold kept = placed(hold(100, 200));
  EXPECT_EQ(holds().lift(kept.id, "\u3000 ", kZhao).error().kind, ErrorKind::invalid);
}

TEST_F(HoldsTest, WhatTwoHoldsCoverGoesWhenTheLastIsLifted) {
  record(100, 400);
  const Hold first = placed(hold(100, 300)), second = placed(hold(200, 400));
  set_clock(2 * kDay);
  turn();
  EXPECT_EQ(coverage(), "footage 100-400");
  ASSERT_TRUE(holds().lift(first.id, "结案", kZhao));
  turn();
  EXPECT_EQ(coverage(), "purged 100-200, footage 200-400");
  EXPECT_EQ(holds().lift(first.id, "再次", kZhao).error().kind, ErrorKind::invalid);
  const auto lifted = placed(holds().lift(second.id, "结案", {"li", "李强"}));
  EXPECT_EQ(lifted.lifted_by.name, "李强");
  EXPECT_EQ(lifted.lift_reason, "结案");
  turn();
  EXPECT_EQ(files(), 0U);
}

TEST_F(HoldsTest, AYearThatIsHeldIsSteppedOver) {
  record(100, 400);
  placed(hold(-300 * kDay, 350));
  record(500, 600, "cam-hall.main");
  placed(hold(-200 * kDay, 300 * kDay, "cam-hall.main"));
  set_clock(2 * kDay);
  EXPECT_EQ(turn(3).segments, 3U) << "what is held does not use up a turn";
  EXPECT_EQ(coverage(), "footage 100-350, purged 350-380, footage 380-400");
  turn();
  EXPECT_EQ(files(), 35U);
}

TEST_F(HoldsTest, ACaseCoversEveryStreamOfItsVisitsWithAMargin) {
  serve(1'000, 1'100, "w1", "A1", "SC-1");
  const Hold of_case = placed(hold_case("sc－1"));
  EXPECT_EQ(of_case.case_number, "sc－1") << "as typed";
  EXPECT_EQ(held(of_case.id),
            "cam-hall.main 880-1220, cam-w1.main 880-1220, cam-w1.sub 880-1220, ws-1.screen 880-1220");
  EXPECT_THAT(index().case_answer("SC-1")->holds, ElementsAre(of_case.id));
  const Hold of_stream = placed(hold(1'050, 1'060));
  placed(hold(2'000, 2'100));
  EXPECT_THAT(index().case_answer("SC-1")->holds, ElementsAre(of_case.id, of_stream.id));
  ASSERT_TRUE(holds().lift(of_case.id, "结案", kZhao));
  EXPECT_THAT(index().case_answer("SC-1")->holds, ElementsAre(of_stream.id));
}

TEST_F(HoldsTest, GrowsWithWhatIsToldLaterAndNeverShrinks) {
  ingest(Event::Type::ticket_called, 1'000, "w2", "B1", "SC-1");
  const int64_t id = placed(hold_case("SC-1")).id;
  EXPECT_EQ(held(id), "cam-hall.main 880-2800") << "half an hour where the end is unknown";
  ingest(Event::Type::ticket_finished, 1'100, "w2", "B1");
  EXPECT_EQ(held(id), "cam-hall.main 880-2800") << "never less";
  serve(9'000, 9'100, "w2", "B2", "SC-1");
  EXPECT_EQ(held(id), "cam-hall.main 880-2800, cam-hall.main 8880-10800");
  serve(20'000, 20'100, "w2", "B3");
  const int64_t visit = Desk(index()).visits({})->visits.at(0).id;
  ASSERT_TRUE(Desk(index()).decide({visit, "SC-1", Decision::Action::add, "zhao", "赵敏", "看过录像"}));
  const auto all = "cam-hall.main 880-2800, cam-hall.main 8880-10800, cam-hall.main 19880-20220";
  EXPECT_EQ(held(id), all);
  ASSERT_TRUE(Desk(index()).decide({visit, "SC-1", Decision::Action::reject, "zhao", "赵敏", "看错了"}));
  EXPECT_EQ(held(id), all);
  ASSERT_TRUE(holds().lift(id, "结案", kZhao));
  serve(30'000, 30'100, "w2", "B4", "SC-1");
  EXPECT_EQ(held(id), all) << "a lifted hold grows no more";
}

TEST_F(HoldsTest, OfACaseWithoutAnyVisitProtectsWhatComes) {
  Event step;
  step.id = "s1";
  step.type = Event::Type::case_step;
  step.step = "accepted";
  step.at = at(500);
  step.case_number = "SC-1";
  step.raw = "{}";
  ASSERT_TRUE(index().ingest("feed", {step}));
  const int64_t id = placed(hold_case("SC-1")).id;
  EXPECT_EQ(held(id), "");
  serve(1'000, 1'100, "w2", "B1", "SC-1");
  EXPECT_EQ(held(id), "cam-hall.main 880-2800") << "seen before its end was told";
}

TEST_F(HoldsTest, SaysWhatItCannotDo) {
  EXPECT_EQ(hold(200, 100).error().kind, ErrorKind::invalid);
  EXPECT_EQ(hold(100, 200, "cam-w9.main").error().kind, ErrorKind::not_found);
  EXPECT_EQ(hold_case("SC-9").error().kind, ErrorKind::not_found);
  EXPECT_EQ(hold_case("").error().kind, ErrorKind::invalid);
  EXPECT_EQ(holds().place({"", {kCam}, at(1), at(2), "", kZhao}).error().kind, ErrorKind::invalid);
  EXPECT_EQ(holds().lift(7, "结案", kZhao).error().kind, ErrorKind::not_found);
  const int64_t id = placed(hold(100, 200)).id;
  EXPECT_EQ(holds().lift(id, "", kZhao).error().kind, ErrorKind::invalid);
  EXPECT_THAT(holds().list({})->holds, SizeIs(1));
}

TEST_F(HoldsTest, TellsWhatItCameTooLateFor) {
  record(100, 200);
  set_clock(kDay + 130);
  turn();
  files_.fail_at(1, ErrorKind::denied, true);
  hall_.clock().advance(seconds(20));
  turn();
  const Hold late = placed(hold(115, 400));
  ASSERT_THAT(late.gone, SizeIs(3));
  EXPECT_EQ(late.gone[0].span.from, at(115));
  EXPECT_EQ(late.gone[0].span.to, at(130));
  EXPECT_EQ(late.gone[0].rule, "retention.days = 1");
  EXPECT_TRUE(late.gone[0].deleted);
  EXPECT_EQ(late.gone[2].span.to, at(150));
  EXPECT_FALSE(late.gone[2].deleted) << "on its way out";
  EXPECT_EQ(late.segments, 5U);
}

TEST_F(HoldsTest, AreListedNewestFirstPageByPage) {
  std::vector<int64_t> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(placed(hold(100, 200 + i)).id);
  ASSERT_TRUE(holds().lift(ids[1], "结案", kZhao));
  const auto told = [&](const Holds::Filter& filter) {
    std::vector<int64_t> seen;
    const auto page = holds().list(filter);
    for (const auto& hold : page->holds) seen.push_back(hold.id);
    return seen;
  };
  EXPECT_THAT(told({}), ElementsAre(ids[4], ids[3], ids[2], ids[0]));
  EXPECT_THAT(told({.lifted = true, .limit = 2}), ElementsAre(ids[4], ids[3]));
  const auto next = holds().list({.lifted = true, .limit = 2})->next;
  EXPECT_THAT(told({.lifted = true, .after = next}), ElementsAre(ids[2], ids[1], ids[0]));
  EXPECT_EQ(holds().list({})->next, std::nullopt);
}

TEST_F(HoldsTest, FromTheCommandLineCountBesideARunningIndex) {
  record(100, 200);
  const auto placed =
      Holds::place(hall_.directory(), {"", {kCam}, at(100), at(150), "投诉", kZhao}, hall_.clock());
  ASSERT_TRUE(placed) << placed.error().message;
  set_clock(2 * kDay);
  turn();
  EXPECT_EQ(coverage(100, 200), "footage 100-150, purged 150-200");
  const Hold second = this->placed(hold(120, 130));
  EXPECT_EQ(second.id, placed->id + 1);
  EXPECT_THAT(Holds::list(hall_.directory(), {})->holds, SizeIs(2));
  ASSERT_TRUE(Holds::lift(hall_.directory(), placed->id, "结案", kZhao, hall_.clock()));
  turn();
  EXPECT_EQ(coverage(100, 200), "purged 100-120, footage 120-130, purged 130-200");
  hall_.reopen();
  EXPECT_THAT(holds().list({.lifted = true})->holds, SizeIs(2)) << "each once in the log";
}

/// Holds, lifts, turns of the purge, restarts, and indexes lost or set back, in any order: what a hold
/// covered when it was there is there until the hold is lifted.
TEST_F(HoldsTest, NoHeldSegmentEverGoes) {
  std::mt19937 random(20'261'122);  // NOLINT(cert-msc51-cpp): the same each time
  const auto pick = [&](int most) { return static_cast<int>(random() % static_cast<unsigned>(most)); };
  for (int round = 0; round < 2; ++round) {
    const int base = 1'000 * round;
    record(base + 100, base + 400);
    double now = kDay + base + 100;
    std::map<int64_t, Span> in_force;
    std::set<WallTime> there;
    for (int second = base + 100; second < base + 400; second += 10) there.insert(at(second));
    for (int step = 0; step < 60; ++step) {
      const int what = pick(12);
      if (what < 3) {
        const int from = base + 90 + pick(300), to = from + 1 + pick(60);
        in_force[placed(hold(from, to)).id] = {at(from), at(to)};
      } else if (what == 3 && !in_force.empty()) {
        const auto one = std::next(in_force.begin(), pick(static_cast<int>(in_force.size())));
        ASSERT_TRUE(holds().lift(one->first, "结案", kZhao));
        in_force.erase(one);
      } else if (what < 9) {
        set_clock(now += pick(30));
        turn(static_cast<uint64_t>(1 + pick(10)));
      } else if (what == 9) {
        hall_.reopen();
      } else if (what == 10) {  // the holds' tables are those of an index that never had any
        hall_.close();
        const auto database = Database::open(hall_.directory() / "index.db", Database::Mode::write).value();
        ASSERT_TRUE(database->script("DELETE FROM held; DELETE FROM holds"));
        hall_.reopen();
      } else {
        hall_.close();
        std::filesystem::remove(hall_.directory().parent_path() / "holds.log");
        hall_.reopen();
      }
      std::set<WallTime> left;
      const auto found = index().fragments(kCam, at(base), at(base + 1'000)).value();
      for (const auto& segment : found) left.insert(segment.segment.start);
      for (const WallTime start : there) {
        const auto covers = [&](const auto& hold) {
          return hold.second.begin < start + seconds(10) && hold.second.end > start;
        };
        const bool held = std::ranges::any_of(in_force, covers);
        ASSERT_TRUE(!held || left.contains(start)) << round << ' ' << step << ' ' << to_us(start);
      }
      there = left;
    }
    for (const auto& [id, span] : in_force) ASSERT_TRUE(holds().lift(id, "结案", kZhao));
    set_clock(now + 1'000);
    turn(1'000);
    EXPECT_EQ(files(), 0U) << "and nothing stays for ever";
    hall_.clock().set(at(base + 1'000));
  }
}

}  // namespace
}  // namespace mj::index::test
