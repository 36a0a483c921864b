// The demo's case feed must tell a believable and consistent story, or what is shown with it proves nothing.
#include "tests/support/case_script.h"

#include <gmock/gmock.h>

#include <map>
#include <set>

namespace mj::test {
namespace {

constexpr WallTime kBegin = from_us(1'795'052'712'250'000);  // 2026-11-19T09:45:12.25+08:00

std::vector<CaseEvent> an_hour() {
  CaseScript script({"w1", "w2"}, {"1037", "1042"}, std::chrono::seconds(40), kBegin);
  return script.until(kBegin + std::chrono::hours(1));
}

TEST(CaseScript, SpeaksTheHoursOfChina) {
  EXPECT_EQ(china_time(kBegin), "2026-11-19T09:45:12.250+08:00");
}

TEST(CaseScript, BeginsWithABookedTicketThatGoesThroughAllSteps) {
  CaseScript script({"w1"}, {"1037"}, std::chrono::seconds(40), kBegin);
  std::vector<std::string> story;
  for (const CaseEvent& event : script.until(kBegin + std::chrono::seconds(39))) {
    story.push_back(event.type == "case_step" ? event.step : event.type);
    EXPECT_EQ(event.window, "w1");
    EXPECT_EQ(event.clerk, "1037");
    if (event.type != "ticket_finished") EXPECT_EQ(event.case_number, "20261119-135112");
  }
  EXPECT_THAT(
      story, testing::ElementsAre("ticket_called", "accepted", "supplement", "concluded", "ticket_finished"));
}

TEST(CaseScript, TellsEachThingOnceInOrderOfTime) {
  std::set<std::string> ids;
  WallTime last = kBegin;
  for (const CaseEvent& event : an_hour()) {
    EXPECT_TRUE(ids.insert(event.id).second);
    EXPECT_GE(event.at, last);
    last = event.at;
  }
  EXPECT_GT(ids.size(), 400U);
}

TEST(CaseScript, HasCasesOfAllKinds) {
  std::map<std::string, std::set<std::string>> tickets_of_case;
  std::map<std::string, std::string> serving;
  int booked = 0, unbooked = 0;
  for (const CaseEvent& event : an_hour()) {
    if (event.type == "ticket_called") {
      (event.case_number.empty() ? unbooked : booked)++;
      serving[event.window] = event.ticket;
    }
    ASSERT_FALSE(serving[event.window].empty()) << "nothing happens at a window without a ticket";
    if (!event.case_number.empty()) tickets_of_case[event.case_number].insert(serving[event.window]);
    if (event.type == "ticket_finished") serving[event.window].clear();
  }
  EXPECT_GT(booked, 10);
  EXPECT_GT(unbooked, 10);
  const auto twice =
      std::ranges::count_if(tickets_of_case, [](const auto& entry) { return entry.second.size() == 2; });
  EXPECT_GT(twice, 5) << "some cases come back";
}

TEST(CaseScript, SaysWhichCaseIsAtTheWindow) {
  CaseScript script({"w1"}, {"1037"}, std::chrono::seconds(40), kBegin);
  (void)script.until(kBegin + std::chrono::seconds(7));
  EXPECT_EQ(script.at_windows()[0].step, "accepted");
  EXPECT_EQ(script.at_windows()[0].case_number, "20261119-135112");
  (void)script.until(kBegin + std::chrono::seconds(37));
  EXPECT_EQ(script.at_windows()[0].ticket, "");
  EXPECT_EQ(script.at_windows()[0].step, "");
  EXPECT_EQ(script.next(), kBegin + std::chrono::seconds(40));
}

}  // namespace
}  // namespace mj::test
