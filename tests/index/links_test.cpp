#include "index/links.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "tests/index/hall.h"

namespace mj::index::test {
namespace {

constexpr auto kCalled = Event::Type::ticket_called;
constexpr auto kFinished = Event::Type::ticket_finished;
constexpr auto kStep = Event::Type::case_step;

Fact call(int64_t id, double when, const char* ticket, std::optional<int64_t> case_id = {},
          const char* clerk = "") {
  return {id, kCalled, at(when), "w1", ticket, clerk, case_id};
}
Fact finish(int64_t id, double when, const char* ticket, std::optional<int64_t> case_id = {}) {
  return {id, kFinished, at(when), "w1", ticket, "", case_id};
}
Fact step(int64_t id, double when, int64_t case_id, const char* window = "w1", const char* clerk = "") {
  return {id, kStep, at(when), window, "", clerk, case_id};
}

std::vector<DerivedVisit> derive(std::vector<Fact> tickets, std::vector<Fact> steps) {
  return derive_visits({.window = "w1", .tickets = std::move(tickets), .steps = std::move(steps)});
}

/// "A1 0-60 case 7 ticket_names_case; ..." ; ~ marks an inferred end.
std::string told(const std::vector<DerivedVisit>& visits) {
  std::string text;
  for (const auto& visit : visits) {
    text += text.empty() ? "" : "; ";
    text += fmt::format("{} {:g}-", visit.ticket, double((visit.called - at(0)).count()) / 1e6);
    if (visit.finished) text += fmt::format("{:g}", double((*visit.finished - at(0)).count()) / 1e6);
    if (visit.finished_inferred) text += "~";
    if (!visit.clerk.empty()) text += " by " + visit.clerk;
    for (const auto& link : visit.links) text += fmt::format(" case {} {}", link.case_id, link.rule);
  }
  return text;
}

TEST(DeriveVisits, OpensOnCallAndClosesOnFinish) {
  EXPECT_EQ(told(derive({call(1, 0, "A1"), finish(2, 60, "A1")}, {})), "A1 0-60");
  EXPECT_EQ(told(derive({call(1, 0, "A1"), finish(2, 60, "")}, {})), "A1 0-60");
}

TEST(DeriveVisits, TheNextCallEndsAVisitNobodyFinished) {
  EXPECT_EQ(told(derive({call(1, 0, "A1"), call(2, 50, "A2"), finish(3, 90, "A2")}, {})),
            "A1 0-50~; A2 50-90");
}

TEST(DeriveVisits, CallingTheSameTicketAgainIsTheSameVisit) {
  EXPECT_EQ(told(derive({call(1, 0, "A1"), call(2, 20, "A1", 7), finish(3, 60, "A1")}, {})),
            "A1 0-60 case 7 ticket_names_case");
  EXPECT_EQ(told(derive({call(1, 0, "A1"), finish(2, 10, "A1"), call(3, 20, "A1")}, {})), "A1 0-10; A1 20-");
}

TEST(DeriveVisits, AFinishOfAnotherTicketEndsNothing) {
  EXPECT_EQ(told(derive({call(1, 0, "A1"), finish(2, 30, "B9")}, {})), "A1 0-");
  EXPECT_EQ(told(derive({finish(1, 0, "A1")}, {})), "");
}

TEST(DeriveVisits, AFinishAfterTheNextCallStillTellsTheCase) {
  EXPECT_EQ(told(derive({call(1, 0, "A1"), call(2, 50, "A2"), finish(3, 52, "A1", 7)}, {})),
            "A1 0-50~ case 7 ticket_names_case; A2 50-");
}

TEST(DeriveVisits, FinishAndNextCallAtTheSameInstantAreTwoVisits) {
  EXPECT_EQ(told(derive({call(1, 60, "A2"), finish(2, 60, "A1"), call(3, 0, "A1")}, {})), "A1 0-60; A2 60-");
}

TEST(DeriveVisits, NoVisitLastsForEver) {
  const double late = 5 * 3600;
  EXPECT_EQ(told(derive({call(1, 0, "A1"), call(2, late, "A2"), finish(3, late + 9, "A1")}, {})),
            "A1 0-; A2 18000-");
  EXPECT_EQ(told(derive({call(1, 0, "A1")}, {step(2, late, 7)})), "A1 0-");
}

TEST(DeriveVisits, AStepAtTheWindowDuringTheVisitLinksIt) {
  EXPECT_EQ(
      told(derive({call(1, 0, "A1"), finish(2, 60, "A1")}, {step(3, 30, 7, "w1", "1037"), step(4, 61, 8)})),
      "A1 0-60 by 1037 case 7 step_during_visit");
}

TEST(DeriveVisits, AStepThatNamesOnlyTheClerkLinksWithLessConfidence) {
  const auto visits = derive({call(1, 0, "A1", {}, "1037"), finish(2, 60, "A1")},
                             {step(3, 30, 7, "", "1037"), step(4, 30, 8, "", "1038")});
  EXPECT_EQ(told(visits), "A1 0-60 by 1037 case 7 step_by_same_clerk");
  EXPECT_DOUBLE_EQ(visits[0].links[0].confidence, 0.80);
}

TEST(DeriveVisits, KeepsTheStrongestReasonOfEachCase) {
  const auto visits = derive({call(1, 0, "A1", 7), finish(2, 60, "A1")}, {step(3, 30, 7), step(4, 40, 8)});
  EXPECT_EQ(told(visits), "A1 0-60 case 7 ticket_names_case case 8 step_during_visit");
  EXPECT_DOUBLE_EQ(visits[0].links[0].confidence, 0.99);
}

Duty duty(const char* clerk, double from, double to, const char* window = "w1", bool signed_in = false) {
  return {clerk, window, at(from), at(to), signed_in};
}

TEST(DeriveVisits, ANumberThatComesOntoTheScreenDuringTheVisitLinksIt) {
  WindowFacts facts{
      .window = "w1",
      .tickets = {call(1, 0, "A1"), finish(2, 100, "A1"), call(3, 110, "A2"), finish(4, 200, "A2")}};
  facts.sightings = {{7, at(20), at(130)}, {8, at(105), at(180)}, {9, at(201), at(260)}};
  EXPECT_EQ(told(derive_visits(facts)),
            "A1 0-100 case 7 number_on_screen; A2 110-200 case 8 number_on_screen")
      << "what stays on the screen is not about the next visitor";
}

TEST(DeriveVisits, WhatIsWrittenDownAfterAVisitIsNotAboutTheNext) {
  WindowFacts facts{
      .window = "w1",
      .tickets = {call(1, 0, "A1"), finish(2, 100, "A1"), call(3, 110, "A2"), finish(4, 200, "A2")}};
  facts.sightings = {{7, at(20), at(90)}};
  facts.steps = {step(5, 115, 7), step(6, 150, 8)};
  EXPECT_EQ(told(derive_visits(facts)),
            "A1 0-100 case 7 step_and_number_on_screen; A2 110-200 case 8 step_during_visit");
}

TEST(DeriveVisits, WhatIsLookedUpForAMomentIsNotAboutTheVisitor) {
  WindowFacts facts{.window = "w1", .tickets = {call(1, 0, "A1", {}, "1037"), finish(2, 600, "A1")}};
  facts.sightings = {{7, at(20), at(90)}};
  EXPECT_EQ(told(derive_visits(facts)), "A1 0-600 by 1037");
  facts.steps = {step(3, 100, 7, "", "1038")};
  EXPECT_EQ(told(derive_visits(facts)), "A1 0-600 by 1037") << "served elsewhere, looked up here";
  facts.steps[0].clerk = "1037";
  EXPECT_EQ(told(derive_visits(facts)), "A1 0-600 by 1037 case 7 brief_step_and_number_on_screen");
  EXPECT_DOUBLE_EQ(derive_visits(facts)[0].links[0].confidence, 0.85);
  facts.steps[0].word = "审批通过";
  EXPECT_EQ(told(derive_visits(facts)), "A1 0-600 by 1037") << "that is done without a visitor";
}

TEST(DeriveVisits, AMomentOfAVisitIsNotWhatItWasAbout) {
  WindowFacts facts{.window = "w1",
                    .tickets = {call(1, 0, "A1", {}, "1037"), finish(2, 1'500, "A1")},
                    .steps = {step(3, 100, 7, "", "1037")}};
  facts.sightings = {{7, at(20), at(90)}};
  EXPECT_EQ(told(derive_visits(facts)), "A1 0-1500 by 1037");
  facts.tickets.pop_back();
  EXPECT_THAT(derive_visits(facts)[0].links, testing::SizeIs(1)) << "how long it will be nobody knows yet";
}

TEST(DeriveVisits, WhatCompletesEarlierWorkIsAboutTheEarlierVisitor) {
  WindowFacts facts{
      .window = "w1",
      .tickets = {call(1, 0, "A1"), finish(2, 600, "A1"), call(3, 620, "A2"), finish(4, 1'500, "A2")},
      .steps = {step(5, 1'000, 7, "", "1037")}};
  facts.sightings = {{7, at(60), at(550)}, {7, at(900), at(1'000)}};
  EXPECT_EQ(told(derive_visits(facts)), "A1 0-600 case 7 step_and_number_on_screen; A2 620-1500");
  facts.sightings = {{7, at(900), at(1'000)}};
  EXPECT_EQ(told(derive_visits(facts)), "A1 0-600; A2 620-1500")
      << "it may be about either: nothing explains the first visit";
}

TEST(DeriveVisits, ATicketsNumberIsDoubtedWhenAnotherCaseWasWorkedOn) {
  WindowFacts facts{.window = "w1",
                    .tickets = {call(1, 0, "A1", 9), finish(2, 600, "A1")},
                    .steps = {step(3, 500, 7, "", "1037")}};
  EXPECT_EQ(told(derive_visits(facts)), "A1 0-600 case 9 ticket_names_case");
  facts.sightings = {{7, at(60), at(550)}};
  EXPECT_EQ(told(derive_visits(facts)), "A1 0-600 case 7 step_and_number_on_screen");
  const auto steps = std::exchange(facts.steps, {});
  EXPECT_EQ(told(derive_visits(facts)), "A1 0-600 case 7 number_on_screen") << "or seen, for a while";
  facts.steps = steps;
  facts.sightings.push_back({9, at(555), at(560)});
  EXPECT_EQ(told(derive_visits(facts)), "A1 0-600 case 9 ticket_names_case case 7 step_and_number_on_screen");
}

TEST(DeriveVisits, WhereTheScreenTellsAnAccountAloneDoesNot) {
  WindowFacts facts{.window = "w1",
                    .tickets = {call(1, 0, "A1", {}, "1037"), finish(2, 600, "A1")},
                    .steps = {step(3, 500, 7, "", "1037")}};
  EXPECT_EQ(told(derive_visits(facts)), "A1 0-600 by 1037 case 7 step_by_same_clerk");
  facts.sightings = {{8, at(5'000), at(5'060)}};
  EXPECT_EQ(told(derive_visits(facts)), "A1 0-600 by 1037");
}

TEST(DeriveVisits, TheRosterTellsWhoServedAndWhoseStepItIs) {
  WindowFacts facts{.window = "w1",
                    .tickets = {call(1, 0, "A1"), finish(2, 100, "A1")},
                    .steps = {step(3, 50, 7, "", "1037")}};
  EXPECT_EQ(told(derive_visits(facts)), "A1 0-100") << "nobody says that 1037 sat here";
  facts.duties = {duty("1037", -1000, 1000)};
  EXPECT_EQ(told(derive_visits(facts)), "A1 0-100 by 1037 case 7 step_by_clerk_on_duty");
  facts.duties.push_back(duty("1037", -10, 1000, "w2", true));
  EXPECT_EQ(told(derive_visits(facts)), "A1 0-100") << "a sign-in elsewhere is believed before the roster";
}

TEST(DeriveVisits, WithoutAQueueStepsAndScreensShowVisits) {
  WindowFacts facts{.window = "w1",
                    .steps = {step(1, 1000, 7, "", "1037"), step(2, 1400, 8), step(3, 9000, 7, "", "1037")}};
  facts.duties = {duty("1037", 0, 5000)};
  facts.sightings = {{7, at(880), at(1010)}};
  const auto visits = derive_visits(facts);
  EXPECT_EQ(
      told(visits),
      " 820-1010~ by 1037 case 7 step_and_number_on_screen;  1220-1460~ by 1037 case 8 step_without_ticket")
      << "the last step is by a clerk who was not here";
  EXPECT_TRUE(visits[0].inferred());
}

TEST(DeriveVisits, WhereAQueueTellsOfVisitsNoneIsInferred) {
  WindowFacts facts{.window = "w1", .tickets = {call(1, 0, "A1"), finish(2, 100, "A1")}};
  facts.sightings = {{7, at(5000), at(5100)}};
  EXPECT_EQ(told(derive_visits(facts)), "A1 0-100");
  facts.sightings = {{7, at(7 * 3600), at(7 * 3600 + 240)}};
  EXPECT_EQ(told(derive_visits(facts)), "A1 0-100;  25140-25440~ case 7 number_on_screen_without_ticket");
}

TEST(DeriveVisits, OfSeveralCasesEachHasItsPartOfTheVisit) {
  WindowFacts facts{.window = "w1", .tickets = {call(1, 0, "A1"), finish(2, 1000, "A1")}};
  facts.sightings = {{7, at(20), at(290)}, {8, at(300), at(1200)}};
  const auto links = derive_visits(facts).at(0).links;
  ASSERT_EQ(links.size(), 2U);
  EXPECT_EQ(links[0].from, at(20));
  EXPECT_EQ(links[0].to, at(290));
  EXPECT_EQ(links[1].to, at(1000)) << "not beyond the visit";
}

TEST(DeriveVisits, ARatingBelongsToTheVisitThatJustEnded) {
  Fact rating{9, Event::Type::rating, at(130), "w1", "", "", 7};
  rating.score = 2;
  WindowFacts facts{.window = "w1", .tickets = {call(1, 0, "A1"), finish(2, 100, "A1")}, .ratings = {rating}};
  const auto visits = derive_visits(facts);
  EXPECT_EQ(told(visits), "A1 0-100 case 7 rating_names_case");
  EXPECT_EQ(visits[0].rating, 2);
  facts.tickets.push_back(call(10, 110, "A2"));
  EXPECT_EQ(told(derive_visits(facts)), "A1 0-100 case 7 rating_names_case; A2 110-")
      << "who was called just now has nothing to rate";
  facts.tickets.pop_back();
  facts.ratings[0].ticket = "A9";
  EXPECT_EQ(told(derive_visits(facts)), "A1 0-100") << "another's ticket";
}

TEST(DeriveVisits, AnyOrderOfArrivalGivesTheSameVisits) {
  std::vector<Fact> tickets, steps;
  std::mt19937 random(11);
  int64_t id = 0;
  for (int i = 0; i < 40; ++i) {
    const std::string ticket = fmt::format("A{}", i % 30);
    tickets.push_back(
        call(++id, i * 60, ticket.c_str(), i % 4 == 0 ? std::optional<int64_t>(i) : std::nullopt));
    if (i % 3 != 0) tickets.push_back(finish(++id, i * 60 + 55, ticket.c_str()));
    steps.push_back(step(++id, i * 60 + 20, 100 + i));
  }
  const auto expected = told(derive(tickets, steps));
  for (int round = 0; round < 20; ++round) {
    std::ranges::shuffle(tickets, random);
    std::ranges::shuffle(steps, random);
    ASSERT_EQ(told(derive(tickets, steps)), expected);
  }
}

}  // namespace
}  // namespace mj::index::test
