#include "index/alerts.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <set>

#include "index/alert_rules.h"
#include "tests/index/hall.h"

namespace mj::index::test {
namespace {

using Action = AlertDecision::Action;
using Type = Event::Type;

TEST(AlertRules, TheLongestTimeWithoutATouchGoesOnWhenTheScreenLocksItself) {
  using State = PresencePart::State;
  const auto longest = [](const std::vector<PresencePart>& parts) {
    const auto span = longest_untouched(parts);
    return span ? fmt::format("{}-{}", (span->begin - at(0)).count() / 1'000'000,
                              (span->end - at(0)).count() / 1'000'000)
                : "";
  };
  EXPECT_EQ(longest({{at(0), at(300), State::idle}, {at(310), at(500), State::locked}}), "0-500");
  EXPECT_EQ(longest({{at(0), at(300), State::idle}, {at(361), at(500), State::locked}}), "0-300")
      << "nobody knows what was between";
  EXPECT_EQ(longest({{at(0), at(300), State::idle}, {at(300), at(500), State::idle}}), "0-300")
      << "a touch is between";
  EXPECT_EQ(longest({{at(0), at(300), State::locked}, {at(300), at(500), State::idle}}), "0-300")
      << "it takes a touch to unlock";
  EXPECT_EQ(longest({{at(0), at(300), State::input}}), "");
}

class AlertsTest : public testing::Test {
 protected:
  AlertsTest() { hall_.clock().set(at(40'000)); }

  static Event event(const char* id, Type type, double when, const char* window, const char* ticket = "",
                     const char* number = "") {
    Event event;
    event.id = id;
    event.type = type;
    event.at = at(when);
    event.window = window;
    event.ticket = ticket;
    event.case_number = number;
    if (type == Type::case_step) event.step = "accepted";
    if (type == Type::rating) event.score = 2;
    if (type == Type::complaint) event.note = "没人理我";
    event.raw = "{}";
    return event;
  }
  static Event withdrawn(const char* id, const char* what) {
    Event event;
    event.id = id;
    event.type = Type::withdrawn;
    event.at = at(30'000);
    event.corrects = what;
    event.raw = "{}";
    return event;
  }
  void tell(const std::vector<Event>& events) {
    const auto done = hall_.index().ingest("feed", events);
    ASSERT_TRUE(done) << done.error().message;
  }
  void serve(double from, double to, const char* ticket, const char* number = "") {
    tell({event(fmt::format("c{}{}", ticket, from).c_str(), Type::ticket_called, from, "w1", ticket, number),
          event(fmt::format("f{}{}", ticket, from).c_str(), Type::ticket_finished, to, "w1", ticket)});
  }
  /// Shots every ten seconds of a screen that was last touched at `touched`.
  void watch(double from, double to, double touched) {
    FakeRecorder screen(hall_.index(), "ws-1.screen");
    for (double when = from; when < to; when += 10) {
      capture::ShotFacts facts;
      facts.idle_ms = static_cast<int64_t>((when - touched) * 1'000);
      screen.fragment(at(when), at(when + 10), facts);
    }
    screen.close();
    hall_.settle();
  }
  Alerts alerts() { return Alerts(hall_.index()); }
  /// "A1 poor_rating yellow proposed 0-300; ..." newest first.
  std::string told(const Alerts::Filter& filter = {}) {
    const auto page = alerts().list(filter);
    if (!page) return page.error().message;
    std::string text;
    const auto second = [](WallTime time) { return (time - at(0)).count() / 1'000'000; };
    for (const auto& alert : page->alerts) {
      text += fmt::format("{}{} {} {} {} {}-{}", text.empty() ? "" : "; ", alert.ticket, alert.rule,
                          name(alert.level), name(alert.state), second(alert.from),
                          alert.to ? second(*alert.to) : -1);
    }
    return text;
  }
  static std::set<std::string> proposed(Index& index) {
    std::set<std::string> lines;
    const auto page = Alerts(index).list({.state = AlertState::proposed}).value();
    for (const auto& alert : page.alerts) lines.insert(alert.ticket + " " + alert.rule);
    return lines;
  }
  Result<void> decide(Action action, const char* reason = "看过录像", int64_t alert = 1) {
    return alerts().decide({alert, action, "zhao", "赵敏", reason});
  }

  Hall hall_;
};

TEST_F(AlertsTest, ATicketServedForLongWithoutACaseIsBlueUntilACaseIsTold) {
  serve(0, 181, "A1");
  serve(200, 380, "A2");
  serve(400, 700, "A3", "SC-3");
  EXPECT_EQ(told(), "A1 served_without_case blue proposed 0-181");
  tell({event("s", Type::case_step, 100, "w1", "", "SC-1")});
  EXPECT_EQ(told(), "A1 served_without_case blue withdrawn 0-181");
  hall_.clock().set(at(50'000));
  tell({withdrawn("w", "s")});
  EXPECT_EQ(told(), "A1 served_without_case blue proposed 0-181");
  EXPECT_EQ(alerts().one(1)->raised, at(50'000)) << "it is proposed anew";
}

TEST_F(AlertsTest, APersonsWordAboutALinkChangesWhatIsProposed) {
  serve(0, 300, "A1", "SC-1");
  EXPECT_EQ(told(), "");
  ASSERT_TRUE(Desk(hall_.index()).decide({1, "SC-1", Decision::Action::reject, "zhao", "赵敏", "看过录像"}));
  EXPECT_EQ(told(), "A1 served_without_case blue proposed 0-300");
  ASSERT_TRUE(Desk(hall_.index()).decide({1, "SC-1", Decision::Action::confirm, "zhao", "赵敏", "看错了"}));
  EXPECT_EQ(told(), "A1 served_without_case blue withdrawn 0-300");
}

TEST_F(AlertsTest, APoorRatingIsYellow) {
  serve(0, 100, "A1");
  serve(200, 300, "A2");
  tell({event("r", Type::rating, 90, "w1", "A1")});
  EXPECT_EQ(told(), "A1 poor_rating yellow proposed 0-100");
  auto better = event("r2", Type::rating, 90, "w1", "A1");
  better.score = 3;
  better.corrects = "r";
  tell({better});
  EXPECT_EQ(told(), "A1 poor_rating yellow withdrawn 0-100");
}

TEST_F(AlertsTest, AComplaintOfATicketIsAboutItsVisitOfThatDay) {
  serve(0, 100, "A1");
  tell({event("k", Type::complaint, 57'599, "w1", "A1")});  // the last second of the day in Shanghai
  EXPECT_EQ(told(), "A1 complaint red proposed 0-100");
  tell({withdrawn("w", "k")});
  EXPECT_EQ(told(), "A1 complaint red withdrawn 0-100");
  tell({event("k2", Type::complaint, 57'600, "w1", "A1"), event("k3", Type::complaint, 50, "w1", "A2"),
        event("k4", Type::complaint, 50, "w2", "A1"), event("k5", Type::complaint, 50, "w1")});
  EXPECT_EQ(told(), "A1 complaint red withdrawn 0-100") << "another day, ticket, window; no ticket";
}

TEST_F(AlertsTest, AComplaintThatComesBeforeItsVisitIsAboutItToo) {
  tell({event("k", Type::complaint, 500, "w1", "A1")});
  EXPECT_EQ(told(), "");
  serve(0, 100, "A1");
  EXPECT_EQ(told(), "A1 complaint red proposed 0-100");
}

TEST_F(AlertsTest, AComplaintOfACaseIsAboutItsOnlyVisit) {
  serve(0, 100, "A1", "SC-1");
  tell({event("k", Type::complaint, 500, "", "", "SC-1")});
  EXPECT_EQ(told(), "A1 complaint red proposed 0-100");
  serve(200, 300, "A2", "SC-1");
  EXPECT_EQ(told(), "A1 complaint red withdrawn 0-100") << "of which of them nobody knows";
  tell({withdrawn("w", "cA2200")});
  EXPECT_EQ(told(), "A1 complaint red proposed 0-100");
}

TEST_F(AlertsTest, APoorRatingOfACaseIsAboutItsOnlyVisit) {
  serve(0, 100, "A1", "SC-1");
  tell({event("r", Type::rating, 20'000, "", "", "SC-1")});
  EXPECT_EQ(told(), "A1 poor_rating yellow proposed 0-100");
  serve(200, 300, "A2", "SC-1");
  EXPECT_EQ(told(), "A1 poor_rating yellow withdrawn 0-100") << "of which of them nobody knows";
  tell({withdrawn("x", "cA2200")});
  EXPECT_EQ(told(), "A1 poor_rating yellow proposed 0-100");
  auto better = event("r2", Type::rating, 20'001, "", "", "SC-1");
  better.score = 4;
  tell({better});
  EXPECT_EQ(told(), "A1 poor_rating yellow withdrawn 0-100") << "the newest word counts";
}

TEST_F(AlertsTest, AScreenLeftAloneForLongWhileSomebodyWasServedIsYellow) {
  watch(0, 1'000, 100);
  serve(50, 800, "A1", "SC-1");
  EXPECT_EQ(told(), "A1 no_input_while_served yellow proposed 100-800");
  serve(810, 990, "A2", "SC-2");
  serve(1'000, 3'000, "A3", "SC-3");
  EXPECT_EQ(told(), "A1 no_input_while_served yellow proposed 100-800") << "not long; and nobody looked";
}

TEST_F(AlertsTest, ShotsThatComeLateRaiseAndWithdraw) {
  serve(50, 800, "A1", "SC-1");
  EXPECT_EQ(told(), "");
  watch(0, 1'000, 100);
  watch(1'000, 1'010, 1'000);  // the stretch is over
  EXPECT_EQ(told(), "A1 no_input_while_served yellow proposed 100-800");
  watch(405, 406, 405);
  EXPECT_EQ(told(), "A1 no_input_while_served yellow withdrawn 100-800");
}

TEST_F(AlertsTest, AScreenThatItsAgentFoundLockedWasLeftAloneToo) {
  watch(0, 300, 100);
  FakeRecorder(hall_.index(), "ws-1.screen").outage(at(300), GapCause::screen_locked);
  hall_.settle();
  serve(50, 800, "A1", "SC-1");
  EXPECT_EQ(told(), "A1 no_input_while_served yellow proposed 100-800");
}

TEST_F(AlertsTest, WhatAPersonDecidedNoFactChanges) {
  serve(0, 300, "A1");
  hall_.clock().set(at(41'000));
  ASSERT_TRUE(decide(Action::dismiss));
  const auto alert = alerts().one(1);
  ASSERT_TRUE(alert) << alert.error().message;
  EXPECT_EQ(alert->state, AlertState::dismissed);
  EXPECT_EQ(alert->login + alert->name + alert->reason, "zhao赵敏看过录像");
  EXPECT_EQ(alert->decided, at(41'000));
  EXPECT_EQ(alert->window->name, "1号窗口");
  auto later = event("f", Type::ticket_finished, 400, "w1", "A1");
  later.corrects = "fA10";
  tell({later});
  EXPECT_EQ(told(), "A1 served_without_case blue dismissed 0-300") << "as it was when the person looked";
  tell({event("s", Type::case_step, 100, "w1", "", "SC-1")});
  EXPECT_EQ(told(), "A1 served_without_case blue dismissed 0-300");
  EXPECT_EQ(alerts().one(1)->case_number, "SC-1");
  tell({withdrawn("w", "cA10")});
  EXPECT_EQ(told(), "A1 served_without_case blue dismissed 0-300") << "nor goes the visit with it";
  ASSERT_TRUE(decide(Action::confirm, "再看一遍"));
  EXPECT_EQ(alerts().one(1)->reason, "再看一遍") << "the newest word counts";
  EXPECT_EQ(told(), "A1 served_without_case blue confirmed 0-300");
}

TEST_F(AlertsTest, WhatWasDecidedStaysAtItsWindow) {
  serve(0, 300, "A1");
  ASSERT_TRUE(decide(Action::confirm));
  auto moved = event("m", Type::ticket_called, 0, "w2", "A1");
  moved.corrects = "cA10";
  tell({moved});
  EXPECT_EQ(told({.window = "w1"}), "A1 served_without_case blue confirmed 0-300");
  EXPECT_EQ(alerts().one(1)->window->id, "w1");
}

TEST_F(AlertsTest, AVisitThatNeverWasTakesItsAlertsWithIt) {
  serve(0, 300, "A1");
  tell({withdrawn("w", "cA10")});
  EXPECT_EQ(told(), "");
}

TEST_F(AlertsTest, AVisitKeptForAPersonsWordIsNotProposedOnceItsCallIsTakenBack) {
  serve(0, 300, "A1", "SC-1");
  tell({event("r", Type::rating, 290, "w1", "A1")});
  ASSERT_TRUE(Desk(hall_.index()).decide({1, "SC-1", Decision::Action::confirm, "zhao", "赵敏", "看过录像"}));
  EXPECT_EQ(told(), "A1 poor_rating yellow proposed 0-300");
  tell({withdrawn("w", "cA10")});
  EXPECT_EQ(told(), "A1 poor_rating yellow withdrawn 0-300");
}

TEST_F(AlertsTest, WhatCannotBeDecidedIsNamed) {
  serve(0, 300, "A1");
  EXPECT_EQ(decide(Action::confirm, "").error().kind, ErrorKind::invalid);
  EXPECT_EQ(decide(Action::confirm, std::string(2'001, 'x').c_str()).error().kind, ErrorKind::invalid);
  EXPECT_EQ(decide(Action::confirm, "x", 99).error().kind, ErrorKind::not_found);
  EXPECT_EQ(alerts().one(99).error().kind, ErrorKind::not_found);
}

TEST_F(AlertsTest, AreListedByWhateverIsAskedFor) {
  serve(0, 300, "A1");
  serve(400, 700, "A2");
  serve(800, 1'100, "A3");
  tell({event("k", Type::complaint, 500, "w1", "A2")});
  ASSERT_TRUE(decide(Action::confirm));
  EXPECT_EQ(told({.state = AlertState::confirmed}), "A1 served_without_case blue confirmed 0-300");
  EXPECT_EQ(told({.state = AlertState::proposed, .limit = 1}),
            "A3 served_without_case blue proposed 800-1100");
  EXPECT_EQ(told({.level = AlertLevel::red}), "A2 complaint red proposed 400-700");
  EXPECT_EQ(told({.rule = "complaint"}), "A2 complaint red proposed 400-700");
  EXPECT_EQ(told({.window = "w2"}), "");
  EXPECT_EQ(told({.window = "w1", .from = at(0), .to = at(400)}),
            "A1 served_without_case blue confirmed 0-300");
  EXPECT_EQ(alerts().open().value(), (std::array<uint64_t, 3>{2, 0, 1}));
  std::string paged;
  Alerts::Filter filter{.limit = 1};
  do {
    const auto page = alerts().list(filter).value();
    for (const auto& alert : page.alerts) paged += alert.ticket + alert.rule + ";";
    filter.after = page.next;
  } while (filter.after);
  EXPECT_EQ(paged, "A3served_without_case;A2complaint;A2served_without_case;A1served_without_case;");
}

TEST_F(AlertsTest, LanesTellWhatStandsAndTheGravestOfAColumn) {
  serve(0, 300, "A1");
  serve(400, 700, "A2");
  tell({event("k", Type::complaint, 500, "w1", "A2")});
  const auto lanes = [&](int columns) {
    const auto answer = Timeline(hall_.index()).lanes({{"cam-w1.main"}, at(0), at(1'000), columns});
    std::string text;
    for (const auto& part : answer.value().alerts.at("w1"))
      text += fmt::format("{}-{} {} {};", (part.begin - at(0)).count() / 1'000'000,
                          (part.end - at(0)).count() / 1'000'000, name(part.level), part.count);
    return text;
  };
  EXPECT_EQ(lanes(100), "0-300 blue 1;400-700 blue 1;400-700 red 1;");
  EXPECT_EQ(lanes(1), "0-700 red 3;");
  ASSERT_TRUE(decide(Action::dismiss));
  EXPECT_EQ(lanes(100), "400-700 blue 1;400-700 red 1;");
}

TEST_F(AlertsTest, AnIndexThatIsMadeAnewKeepsWhatWasDecided) {
  serve(0, 300, "A1");
  ASSERT_TRUE(decide(Action::confirm));
  hall_.close();
  const auto replaced = replace_damaged(hall_.directory(), hall_.clock());
  ASSERT_TRUE(replaced) << replaced.error().message;
  EXPECT_THAT(replaced->lost, testing::IsEmpty());
  hall_.reopen();
  EXPECT_EQ(told(), "A1 served_without_case blue confirmed 0-300");
  EXPECT_EQ(alerts().one(1)->name, "赵敏");
}

TEST_F(AlertsTest, TheSameEventsProposeTheSameInWhateverOrderTheyCome) {
  std::vector<Event> events{event("1", Type::ticket_called, 0, "w1", "A1"),
                            event("2", Type::ticket_finished, 300, "w1", "A1"),
                            event("3", Type::ticket_called, 310, "w1", "A2", "SC-2"),
                            event("4", Type::ticket_finished, 700, "w1", "A2"),
                            event("5", Type::case_step, 250, "w1", "", "SC-1"),
                            event("6", Type::rating, 320, "w1", "A1"),
                            event("7", Type::complaint, 900, "", "", "SC-2"),
                            event("8", Type::complaint, 900, "w1", "A1"),
                            event("9", Type::ticket_called, 710, "w1", "A3"),
                            event("10", Type::ticket_finished, 1'000, "w1", "A3"),
                            withdrawn("11", "5"),
                            withdrawn("12", "8")};
  tell(events);
  const std::string wanted = told({.state = AlertState::proposed});
  EXPECT_EQ(wanted,
            "A3 served_without_case blue proposed 710-1000; A2 complaint red proposed 310-700;"
            " A1 poor_rating yellow proposed 0-300; A1 served_without_case blue proposed 0-300");
  std::mt19937_64 random(3);
  for (int round = 0; round < 12; ++round) {
    std::ranges::shuffle(events, random);
    Hall other;
    for (const Event& one : events) ASSERT_TRUE(other.index().ingest("feed", {one}));
    EXPECT_EQ(proposed(other.index()), proposed(hall_.index())) << round;
  }
}

}  // namespace
}  // namespace mj::index::test
