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
  EXPECT_EQ(told(derive_visits({call(1, 0, "A1"), finish(2, 60, "A1")}, {})), "A1 0-60");
  EXPECT_EQ(told(derive_visits({call(1, 0, "A1"), finish(2, 60, "")}, {})), "A1 0-60");
}

TEST(DeriveVisits, TheNextCallEndsAVisitNobodyFinished) {
  EXPECT_EQ(told(derive_visits({call(1, 0, "A1"), call(2, 50, "A2"), finish(3, 90, "A2")}, {})),
            "A1 0-50~; A2 50-90");
}

TEST(DeriveVisits, CallingTheSameTicketAgainIsTheSameVisit) {
  EXPECT_EQ(told(derive_visits({call(1, 0, "A1"), call(2, 20, "A1", 7), finish(3, 60, "A1")}, {})),
            "A1 0-60 case 7 ticket_names_case");
  EXPECT_EQ(told(derive_visits({call(1, 0, "A1"), finish(2, 10, "A1"), call(3, 20, "A1")}, {})),
            "A1 0-10; A1 20-");
}

TEST(DeriveVisits, AFinishOfAnotherTicketEndsNothing) {
  EXPECT_EQ(told(derive_visits({call(1, 0, "A1"), finish(2, 30, "B9")}, {})), "A1 0-");
  EXPECT_EQ(told(derive_visits({finish(1, 0, "A1")}, {})), "");
}

TEST(DeriveVisits, AFinishAfterTheNextCallStillTellsTheCase) {
  EXPECT_EQ(told(derive_visits({call(1, 0, "A1"), call(2, 50, "A2"), finish(3, 52, "A1", 7)}, {})),
            "A1 0-50~ case 7 ticket_names_case; A2 50-");
}

TEST(DeriveVisits, FinishAndNextCallAtTheSameInstantAreTwoVisits) {
  EXPECT_EQ(told(derive_visits({call(1, 60, "A2"), finish(2, 60, "A1"), call(3, 0, "A1")}, {})),
            "A1 0-60; A2 60-");
}

TEST(DeriveVisits, NoVisitLastsForEver) {
  const double late = 5 * 3600;
  EXPECT_EQ(told(derive_visits({call(1, 0, "A1"), call(2, late, "A2"), finish(3, late + 9, "A1")}, {})),
            "A1 0-; A2 18000-");
  EXPECT_EQ(told(derive_visits({call(1, 0, "A1")}, {step(2, late, 7)})), "A1 0-");
}

TEST(DeriveVisits, AStepAtTheWindowDuringTheVisitLinksIt) {
  EXPECT_EQ(told(derive_visits({call(1, 0, "A1"), finish(2, 60, "A1")},
                               {step(3, 30, 7, "w1", "1037"), step(4, 61, 8)})),
            "A1 0-60 by 1037 case 7 step_during_visit");
}

TEST(DeriveVisits, AStepThatNamesOnlyTheClerkLinksWithLessConfidence) {
  const auto visits = derive_visits({call(1, 0, "A1", {}, "1037"), finish(2, 60, "A1")},
                                    {step(3, 30, 7, "", "1037"), step(4, 30, 8, "", "1038")});
  EXPECT_EQ(told(visits), "A1 0-60 by 1037 case 7 step_by_same_clerk");
  EXPECT_DOUBLE_EQ(visits[0].links[0].confidence, 0.80);
}

TEST(DeriveVisits, KeepsTheStrongestReasonOfEachCase) {
  const auto visits =
      derive_visits({call(1, 0, "A1", 7), finish(2, 60, "A1")}, {step(3, 30, 7), step(4, 40, 8)});
  EXPECT_EQ(told(visits), "A1 0-60 case 7 ticket_names_case case 8 step_during_visit");
  EXPECT_DOUBLE_EQ(visits[0].links[0].confidence, 0.99);
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
  const auto expected = told(derive_visits(tickets, steps));
  for (int round = 0; round < 20; ++round) {
    std::ranges::shuffle(tickets, random);
    std::ranges::shuffle(steps, random);
    ASSERT_EQ(told(derive_visits(tickets, steps)), expected);
  }
}

}  // namespace
}  // namespace mj::index::test
