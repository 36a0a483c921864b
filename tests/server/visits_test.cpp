#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "tests/server/hall.h"

namespace mj::server {
namespace {

using testing::HasSubstr;
namespace json = boost::json;

class Visits : public testing::Test {
 protected:
  void SetUp() override {
    hall_.sign_in();
    const std::string now = format_rfc3339(SystemClock().now());
    const auto told = hall_.post_as(
        test::kFeedToken, "/api/v1/events",
        R"({"events":[{"id":"1","type":"ticket_called","at":")" + now +
            R"(","window":"w1","ticket":"A1","case":"SC-1"},{"id":"2","type":"ticket_called","at":")" + now +
            R"(","window":"w1","ticket":"A2"}]})");
    ASSERT_EQ(told.status, 200) << told.body;
  }
  json::object asked(const std::string& target) {
    const auto answer = hall_.get(target);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json::parse(answer.body).as_object();
  }
  std::string visit() {
    return std::to_string(asked("/api/v1/visits?without_case=0").at("visits").at(0).at("id").as_int64());
  }
  test::Answer say(const std::string& action, const std::string& number = "SC-1") {
    return hall_.post("/api/v1/visits/" + visit_ + "/links",
                      R"({"case":")" + number + R"(","action":")" + action + R"(","reason":"看过录像"})");
  }

  test::Hall hall_;
  std::string visit_;
};

TEST_F(Visits, ArePagedAndFiltered) {
  const auto first = asked("/api/v1/visits?limit=1");
  EXPECT_EQ(first.at("visits").as_array().size(), 1U);
  const std::string next(first.at("next").as_string());
  const auto second = asked("/api/v1/visits?limit=1&after=" + next);
  EXPECT_NE(second.at("visits").at(0).at("ticket"), first.at("visits").at(0).at("ticket"));
  EXPECT_TRUE(second.at("next").is_null());
  EXPECT_EQ(asked("/api/v1/visits?without_case=1").at("visits").at(0).at("ticket").as_string(), "A2");
  EXPECT_TRUE(asked("/api/v1/visits?window=w9").at("visits").as_array().empty());
  for (const char* wrong :
       {"after=x", "after=1.x", "limit=0", "limit=501", "without_case=2", "window=", "x=1"}) {
    EXPECT_EQ(hall_.get(std::string("/api/v1/visits?") + wrong).status, 400) << wrong;
  }
}

TEST_F(Visits, WhatFeedsToldIsInTheMetrics) {
  const auto metrics = hall_.get("/metrics").body;
  EXPECT_THAT(metrics, HasSubstr(R"(mj_feed_events_total{feed="queue",result="accepted"} 2)"));
  EXPECT_THAT(metrics, HasSubstr(R"(mj_feed_events_total{feed="queue",result="refused"} 0)"));
  EXPECT_THAT(metrics, HasSubstr(R"(mj_feed_trouble{feed="queue"} 0)"));
  EXPECT_THAT(metrics, testing::Not(HasSubstr("mj_feed_last_event_timestamp_seconds{feed=\"queue\"} 0\n")));
}

TEST_F(Visits, APersonsWordIsAnsweredWithTheVisit) {
  visit_ = visit();
  const auto rejected = say("reject");
  ASSERT_EQ(rejected.status, 200) << rejected.body;
  const auto links = json::parse(rejected.body).at("links").as_array();
  ASSERT_EQ(links.size(), 1U);
  EXPECT_EQ(links[0].at("case").as_string(), "SC-1");
  EXPECT_EQ(links[0].at("state").as_string(), "rejected");
  EXPECT_EQ(links[0].at("reason").as_string(), "看过录像");
  EXPECT_EQ(asked("/api/v1/visits?without_case=0").at("visits").as_array().size(), 0U);
  EXPECT_EQ(asked("/api/v1/visits/" + visit_).at("links").at(0).at("state").as_string(), "rejected");
  EXPECT_EQ(json::parse(say("confirm").body).at("links").at(0).at("state").as_string(), "confirmed");
  const auto link = asked("/api/v1/cases/SC-1").at("visits").at(0).at("link");
  EXPECT_EQ(link.at("state").as_string(), "confirmed");
  EXPECT_EQ(link.at("interval").as_array().size(), 2U);
}

TEST_F(Visits, WhatCannotBeSaidIsNamed) {
  visit_ = visit();
  EXPECT_EQ(say("maybe").status, 400);
  EXPECT_THAT(say("maybe").body, HasSubstr("$.action"));
  EXPECT_EQ(say("add", "SC-9").status, 404);
  EXPECT_EQ(hall_.get("/api/v1/visits/4711").status, 404);
  EXPECT_EQ(hall_.get("/api/v1/visits/x").status, 400);
  EXPECT_EQ(hall_.post("/api/v1/visits/" + visit_ + "/links", R"({"case":"SC-1","action":"reject"})").status,
            400);
}

}  // namespace
}  // namespace mj::server
