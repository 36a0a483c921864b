#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "tests/server/hall.h"

namespace mj::server {
namespace {

using testing::HasSubstr;
namespace json = boost::json;

class AlertPages : public testing::Test {
 protected:
  void SetUp() override {
    hall_.sign_in();
    const auto when = [now = hall_.clock.now()](int minutes) {
      return format_rfc3339(now - std::chrono::minutes(minutes));
    };
    const auto event = [&](int id, const char* type, int minutes, const std::string& more) {
      return fmt::format(R"({{"id":"{}","type":"{}","at":"{}","window":"w1"{}}})", id, type, when(minutes),
                         more);
    };
    const auto told =
        hall_.post_as(test::kFeedToken, "/api/v1/events",
                      R"({"events":[)" + event(1, "ticket_called", 60, R"(,"ticket":"A1","clerk":"017")") +
                          "," + event(2, "ticket_finished", 50, R"(,"ticket":"A1")") + "," +
                          event(3, "ticket_called", 40, R"(,"ticket":"A2","case":"SC-2")") + "," +
                          event(4, "ticket_finished", 38, R"(,"ticket":"A2")") + "," +
                          event(5, "rating", 37, R"(,"ticket":"A2","score":1)") + "]}");
    ASSERT_EQ(told.status, 200) << told.body;
  }
  json::object asked(const std::string& query) {
    const auto answer = hall_.get("/api/v1/alerts" + query);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json::parse(answer.body).as_object();
  }
  test::Answer say(const std::string& action, const std::string& alert = "1",
                   const std::string& reason = "看过录像") {
    return hall_.post("/api/v1/alerts/" + alert,
                      R"({"action":")" + action + R"(","reason":")" + reason + R"("})");
  }

  test::Hall hall_;
};

TEST_F(AlertPages, TellWhatWaitsForAPerson) {
  const auto alerts = asked("").at("alerts").as_array();
  ASSERT_EQ(alerts.size(), 2U);
  const auto& poor = alerts[0].as_object();
  EXPECT_EQ(poor.at("rule").as_string(), "poor_rating");
  EXPECT_EQ(poor.at("level").as_string(), "yellow");
  EXPECT_EQ(poor.at("window").at("name").as_string(), "1号窗口");
  EXPECT_EQ(poor.at("ticket").as_string(), "A2");
  EXPECT_EQ(poor.at("case").as_string(), "SC-2");
  EXPECT_EQ(poor.at("state").as_string(), "proposed");
  EXPECT_EQ(poor.at("to_us").as_int64() - poor.at("from_us").as_int64(), 120'000'000);
  const auto& without = alerts[1].as_object();
  EXPECT_EQ(without.at("rule").as_string(), "served_without_case");
  EXPECT_EQ(without.at("clerk").at("id").as_string(), "017");
  for (const char* none : {"case", "decided_by", "decided_us", "reason"})
    EXPECT_TRUE(without.at(none).is_null()) << none;
}

TEST_F(AlertPages, ArePagedAndFiltered) {
  const auto first = asked("?limit=1");
  EXPECT_EQ(first.at("alerts").as_array().size(), 1U);
  const auto second = asked("?limit=1&after=" + std::string(first.at("next").as_string()));
  EXPECT_EQ(second.at("alerts").at(0).at("rule").as_string(), "served_without_case");
  EXPECT_TRUE(second.at("next").is_null());
  EXPECT_EQ(asked("?level=yellow&window=w1&state=all").at("alerts").as_array().size(), 1U);
  EXPECT_EQ(asked("?rule=complaint").at("alerts").as_array().size(), 0U);
  EXPECT_EQ(asked("?to=1&state=all").at("alerts").as_array().size(), 0U);
  for (const char* wrong : {"state=x", "level=green", "after=x", "limit=0", "limit=501", "window=", "x=1"})
    EXPECT_EQ(hall_.get(std::string("/api/v1/alerts?") + wrong).status, 400) << wrong;
}

TEST_F(AlertPages, APersonsWordIsAnsweredWithTheAlert) {
  const auto id = std::to_string(asked("?level=blue").at("alerts").at(0).at("alert").as_int64());
  const auto answer = say("dismiss", id);
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto alert = json::parse(answer.body).as_object();
  EXPECT_EQ(alert.at("state").as_string(), "dismissed");
  EXPECT_EQ(alert.at("decided_by").at("login").as_string(), "zhao");
  EXPECT_EQ(alert.at("reason").as_string(), "看过录像");
  EXPECT_GT(alert.at("decided_us").as_int64(), 0);
  EXPECT_EQ(asked("").at("alerts").as_array().size(), 1U);
  EXPECT_EQ(asked("?state=dismissed").at("alerts").as_array().size(), 1U);
  EXPECT_EQ(json::parse(say("confirm", id).body).at("state").as_string(), "confirmed");
  EXPECT_THAT(hall_.get("/metrics").body, HasSubstr(R"(mj_alerts_open{level="blue"} 0)"));
  EXPECT_THAT(hall_.get("/metrics").body, HasSubstr(R"(mj_alerts_open{level="yellow"} 1)"));
}

TEST_F(AlertPages, WhatCannotBeSaidIsNamed) {
  EXPECT_THAT(say("maybe").body, HasSubstr("$.action"));
  EXPECT_EQ(say("confirm", "1", "").status, 400);
  EXPECT_EQ(say("confirm", "4711").status, 404);
  EXPECT_EQ(say("confirm", "x").status, 400);
}

TEST_F(AlertPages, LanesTellThemBesideTheVisits) {
  const auto now = to_us(hall_.clock.now());
  const auto answer = hall_.get(fmt::format("/api/v1/lanes?streams=cam-w1.main&from={}&to={}&px=100",
                                            now - 2 * 3'600'000'000LL, now + 3'600'000'000LL));
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto visits = json::parse(answer.body).at("visits").as_array();
  ASSERT_EQ(visits.size(), 1U);
  const auto& alerts = visits[0].at("alerts").as_array();
  ASSERT_EQ(alerts.size(), 2U) << answer.body;
  EXPECT_EQ(alerts[0].at(1).as_int64() - alerts[0].at(0).as_int64(), 600'000'000);
  EXPECT_EQ(alerts[0].at(2).as_string(), "blue");
  EXPECT_EQ(alerts[0].at(3).as_int64(), 1);
}

}  // namespace
}  // namespace mj::server
