#include "index/desk.h"

#include <gmock/gmock.h>

#include "index/sqlite.h"
#include "tests/index/hall.h"

namespace mj::index::test {
namespace {

using Action = Decision::Action;

class DeskTest : public testing::Test {
 protected:
  DeskTest() { hall_.clock().set(at(40'000)); }

  void ingest(Event::Type type, double when, const char* window, const char* ticket, const char* number = "",
              const char* clerk = "") {
    Event event;
    event.id = std::to_string(++events_);
    event.type = type;
    event.at = at(when);
    event.window = window;
    event.ticket = ticket;
    event.case_number = number;
    event.clerk = clerk;
    if (type == Event::Type::case_step) event.step = "accepted";
    event.raw = "{}";
    const auto done = hall_.index().ingest("feed", {event});
    ASSERT_TRUE(done) << done.error().message;
  }
  /// The first event was never so.
  void withdraw_first() {
    Event withdrawn;
    withdrawn.id = "w";
    withdrawn.type = Event::Type::withdrawn;
    withdrawn.at = at(400);
    withdrawn.corrects = "1";
    withdrawn.raw = "{}";
    ASSERT_TRUE(hall_.index().ingest("feed", {withdrawn}));
  }
  void serve(double from, double to, const char* window, const char* ticket, const char* number = "",
             const char* clerk = "") {
    ingest(Event::Type::ticket_called, from, window, ticket, number, clerk);
    ingest(Event::Type::ticket_finished, to, window, ticket);
  }
  Desk desk() { return Desk(hall_.index()); }
  /// "A1 w1 60s marked SC-1 SC-2, ..." of the list.
  std::string listed(const Desk::Filter& filter) {
    const auto page = desk().visits(filter);
    if (!page) return page.error().message;
    std::string text;
    for (const auto& line : page->visits) {
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", line.ticket, line.window->id);
      if (line.finished) text += fmt::format(" {}s", (*line.finished - line.called).count() / 1'000'000);
      if (line.marked) text += " marked";
      for (const auto& number : line.cases) text += " " + number;
    }
    return text;
  }
  Result<void> decide(int64_t visit, const char* number, Action action, const char* reason = "看过录像") {
    return desk().decide({visit, number, action, "zhao", "赵敏", reason});
  }
  int64_t only_visit() { return desk().visits({})->visits.at(0).id; }
  /// "SC-1 queue confirmed 赵敏; ..." of a visit's links.
  std::string links(int64_t visit) {
    const auto found = desk().visit(visit);
    if (!found) return found.error().message;
    std::string text;
    for (const auto& link : found->links) {
      text += fmt::format("{}{} {} {}{}", text.empty() ? "" : "; ", link.case_number, link.source,
                          name(link.state), link.by.empty() ? "" : " " + link.by);
    }
    return text;
  }

  Hall hall_;
  int events_ = 0;
};

TEST_F(DeskTest, ARatingThatComesWithItsVisitIsShown) {
  std::vector<Event> batch(3);
  batch[0].type = Event::Type::ticket_called;
  batch[1].type = Event::Type::ticket_finished;
  batch[2].type = Event::Type::rating;
  batch[2].score = 2;
  for (size_t i = 0; i < batch.size(); ++i) {
    batch[i].id = std::to_string(i);
    batch[i].at = at(100.0 * static_cast<double>(i));
    batch[i].window = "w1";
    batch[i].ticket = "A1";
    batch[i].raw = "{}";
  }
  ASSERT_TRUE(hall_.index().ingest("feed", batch));
  EXPECT_EQ(desk().visits({})->visits.at(0).rating, 2);
}

TEST_F(DeskTest, ListsVisitsNewestFirstAndMarksLongOnesWithoutACase) {
  serve(0, 60, "w1", "A1");
  serve(100, 300, "w1", "A2", "SC-1");
  serve(400, 580, "w2", "B1");
  serve(600, 781, "w1", "A3");
  ingest(Event::Type::ticket_called, 900, "w2", "B2");
  EXPECT_EQ(listed({}), "B2 w2, A3 w1 181s marked, B1 w2 180s, A2 w1 200s SC-1, A1 w1 60s");
  EXPECT_EQ(listed({.without_case = true}), "B2 w2, A3 w1 181s marked, B1 w2 180s, A1 w1 60s");
  EXPECT_EQ(listed({.without_case = false}), "A2 w1 200s SC-1");
  EXPECT_EQ(listed({.from = at(100), .to = at(600)}), "B1 w2 180s, A2 w1 200s SC-1");
  EXPECT_EQ(listed({.without_case = true, .window = "w1"}), "A3 w1 181s marked, A1 w1 60s");
}

TEST_F(DeskTest, FiltersByClerk) {
  serve(0, 60, "w1", "A1", "", "1037");
  serve(100, 160, "w2", "B1", "SC-1", "1037");
  serve(200, 260, "w1", "A2", "", "2044");
  EXPECT_EQ(listed({.clerk = "1037"}), "B1 w2 60s SC-1, A1 w1 60s");
  EXPECT_EQ(listed({.without_case = true, .clerk = "1037"}), "A1 w1 60s");
  EXPECT_EQ(listed({.window = "w1", .clerk = "1037"}), "A1 w1 60s");
}

TEST_F(DeskTest, PagesHoldEveryVisitOnceEvenAtTheSameInstant) {
  for (int i = 0; i < 10; ++i) {
    ingest(Event::Type::ticket_called, 100 + i / 3, i % 2 == 0 ? "w1" : "w2", fmt::format("A{}", i).c_str());
  }
  std::vector<std::string> seen;
  Desk::Filter filter{.limit = 3};
  for (int page = 0; page < 10; ++page) {
    const auto visits = desk().visits(filter).value();
    for (const auto& line : visits.visits) seen.push_back(line.ticket);
    filter.after = visits.next;
    if (!visits.next) break;
  }
  EXPECT_EQ(seen.size(), 10U);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 10U);
}

TEST_F(DeskTest, AVisitOpensWithItsStreamsAndWithoutACase) {
  serve(0, 60, "w1", "A1");
  const auto visit = desk().visit(only_visit()).value();
  EXPECT_EQ(visit.ticket, "A1");
  EXPECT_TRUE(visit.links.empty());
  ASSERT_GE(visit.streams.size(), 2U);
  EXPECT_EQ(visit.streams[0].role, "counter");
  EXPECT_EQ(desk().visit(4711).error().kind, ErrorKind::not_found);
}

TEST_F(DeskTest, ARejectedLinkIsNoCaseAndDoesNotComeBack) {
  serve(0, 200, "w1", "A1", "SC-1");
  const auto visit = only_visit();
  ASSERT_TRUE(decide(visit, "sc–1", Action::reject));
  EXPECT_EQ(links(visit), "SC-1 queue rejected 赵敏");
  EXPECT_EQ(listed({.without_case = true}), "A1 w1 200s marked");
  EXPECT_EQ(hall_.index().search_cases("SC-1", 5)->at(0).visits, 0);
  ingest(Event::Type::case_step, 50, "w1", "", "SC-1");
  ingest(Event::Type::ticket_called, 20, "w1", "A1", "SC-1");
  EXPECT_EQ(links(visit), "SC-1 queue rejected 赵敏") << "new evidence does not overrule a person";
  const auto answer = hall_.index().case_answer("SC-1").value();
  ASSERT_EQ(answer.visits.size(), 1U) << "shown, so that it can be taken back";
  EXPECT_EQ(answer.visits[0].link.state, LinkState::rejected);
  EXPECT_EQ(answer.visits[0].link.reason, "看过录像");
}

TEST_F(DeskTest, ATicketIsNoStepOfACaseOfWhichItWasNot) {
  serve(0, 300, "w1", "A1");
  ingest(Event::Type::case_step, 100, "w1", "", "SC-1");
  const auto steps = [&] {
    std::string types;
    const auto answer = hall_.index().case_answer("SC-1").value();
    for (const auto& step : answer.steps) types += step.type + " ";
    return types;
  };
  EXPECT_EQ(steps(), "ticket_called accepted ticket_finished ");
  ASSERT_TRUE(decide(only_visit(), "SC-1", Action::reject));
  EXPECT_EQ(steps(), "accepted ") << "somebody else had that ticket";
  ASSERT_TRUE(decide(only_visit(), "SC-1", Action::add));
  EXPECT_EQ(steps(), "ticket_called accepted ticket_finished ");
  withdraw_first();
  EXPECT_EQ(steps(), "accepted ticket_finished ") << "it was never called";
}

TEST_F(DeskTest, AVisitThatNeverWasIsNotMarked) {
  serve(0, 300, "w1", "A1");
  ingest(Event::Type::case_step, 100, "w1", "", "SC-1");
  ASSERT_TRUE(decide(only_visit(), "SC-1", Action::reject));
  EXPECT_EQ(listed({}), "A1 w1 300s marked");
  withdraw_first();
  EXPECT_EQ(listed({}), "A1 w1 300s") << "kept for what a person said";
}

TEST_F(DeskTest, AConfirmedLinkStaysWhenItsReasonGoes) {
  ingest(Event::Type::ticket_called, 0, "w1", "A1");
  ingest(Event::Type::case_step, 50, "w1", "", "SC-1");
  const auto visit = only_visit();
  ASSERT_TRUE(decide(visit, "SC-1", Action::confirm));
  EXPECT_EQ(links(visit), "SC-1 step confirmed 赵敏");
  ingest(Event::Type::ticket_finished, 40, "w1", "A1");
  EXPECT_EQ(links(visit), "SC-1 manual added 赵敏")
      << "the step came after the visit; the person's word stays";
}

TEST_F(DeskTest, APersonAddsALinkThatNoRuleMakes) {
  serve(0, 60, "w1", "A1");
  ingest(Event::Type::case_step, 5'000, "", "", "SC-1");
  const auto visit = only_visit();
  ASSERT_TRUE(decide(visit, "SC-1", Action::add));
  EXPECT_EQ(links(visit), "SC-1 manual added 赵敏");
  const auto link = desk().visit(visit)->links.at(0);
  EXPECT_EQ(link.why, "said_by_person");
  EXPECT_EQ(link.from, at(0));
  EXPECT_EQ(link.to, at(60));
  EXPECT_EQ(link.decided, at(40'000));
  EXPECT_EQ(hall_.index().case_answer("SC-1")->visits.size(), 1U);
}

TEST_F(DeskTest, TheNewestWordCountsAndNoneIsLost) {
  serve(0, 60, "w1", "A1", "SC-1");
  const auto visit = only_visit();
  ASSERT_TRUE(decide(visit, "SC-1", Action::reject));
  ASSERT_TRUE(decide(visit, "SC-1", Action::confirm, "看错了"));
  EXPECT_EQ(links(visit), "SC-1 queue confirmed 赵敏");
  hall_.close();
  const auto database = Database::open(hall_.directory() / "index.db", Database::Mode::read).value();
  std::string said;
  ASSERT_TRUE(database->each("SELECT action, reason FROM decisions ORDER BY id",
                             [&](const Statement& row) { said += row.text(0) + " " + row.text(1) + "; "; }));
  EXPECT_EQ(said, "reject 看过录像; confirm 看错了; ");
}

TEST_F(DeskTest, RefusesWhatMakesNoSense) {
  serve(0, 60, "w1", "A1", "SC-1");
  ingest(Event::Type::case_step, 5'000, "", "", "SC-2");
  const auto visit = only_visit();
  EXPECT_EQ(decide(visit, "SC-2", Action::confirm).error().kind, ErrorKind::invalid);
  EXPECT_EQ(decide(visit, "SC-2", Action::reject).error().kind, ErrorKind::invalid);
  EXPECT_EQ(decide(visit, "SC-9", Action::add).error().kind, ErrorKind::not_found);
  EXPECT_EQ(decide(4711, "SC-1", Action::confirm).error().kind, ErrorKind::not_found);
  for (const char* none : {"", "  ", "\u3000", "……。"})
    EXPECT_EQ(decide(visit, "SC-1", Action::confirm, none).error().kind, ErrorKind::invalid) << none;
  EXPECT_EQ(links(visit), "SC-1 queue inferred");
}

TEST_F(DeskTest, DecisionsSurviveARebuild) {
  serve(0, 60, "w1", "A1", "SC-1");
  const auto visit = only_visit();
  ASSERT_TRUE(decide(visit, "SC-1", Action::reject));
  hall_.close();
  const auto rebuilt = rebuild(hall_.directory(), {}, hall_.clock(), {});
  ASSERT_TRUE(rebuilt) << rebuilt.error().message;
  hall_.reopen();
  EXPECT_EQ(links(visit), "SC-1 queue rejected 赵敏");
  ingest(Event::Type::case_step, 30, "w1", "", "SC-1");
  EXPECT_EQ(links(visit), "SC-1 queue rejected 赵敏");
}

}  // namespace
}  // namespace mj::index::test
