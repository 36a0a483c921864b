#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "index/holds.h"
#include "tests/server/hall.h"

namespace mj::server {
namespace {

using testing::HasSubstr;
using testing::SizeIs;
namespace json = boost::json;

class HoldRoutes : public testing::Test {
 protected:
  void SetUp() override {
    hall_.sign_in();
    hall_.call_case();
  }
  json::object parsed(const test::Answer& answer) {
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.status == 200 ? json::parse(answer.body).as_object() : json::object();
  }
  json::object place(const std::string& body) { return parsed(hall_.post("/api/v1/holds", body)); }

  test::Hall hall_;
};

TEST_F(HoldRoutes, AHoldOfACaseIsPlacedListedAndLifted) {
  const auto placed = place(R"({"case":"sc-1","reason":"群众投诉"})");
  EXPECT_EQ(placed.at("case").as_string(), "sc-1");
  EXPECT_EQ(placed.at("reason").as_string(), "群众投诉");
  EXPECT_EQ(placed.at("placed_by").at("login").as_string(), "zhao");
  EXPECT_TRUE(placed.at("lifted_us").is_null());
  EXPECT_TRUE(placed.at("lifted_by").is_null());
  ASSERT_FALSE(placed.at("streams").as_array().empty());
  EXPECT_EQ(placed.at("streams").at(0).at("stream").as_string(), "cam-w1.main");
  const auto number = placed.at("hold").as_int64();
  EXPECT_EQ(parsed(hall_.get("/api/v1/cases/SC-1")).at("holds"), json::value(json::array{number}));
  EXPECT_EQ(parsed(hall_.get("/api/v1/holds")).at("holds").at(0).at("hold").as_int64(), number);
  const auto lift = "/api/v1/holds/" + std::to_string(number) + "/lift";
  const auto lifted = parsed(hall_.post(lift, R"({"reason":"结案"})"));
  EXPECT_EQ(lifted.at("lift_reason").as_string(), "结案");
  EXPECT_EQ(lifted.at("lifted_by").at("login").as_string(), "zhao");
  EXPECT_THAT(parsed(hall_.get("/api/v1/holds")).at("holds").as_array(), SizeIs(0));
  EXPECT_THAT(parsed(hall_.get("/api/v1/holds?state=all")).at("holds").as_array(), SizeIs(1));
  EXPECT_EQ(hall_.post(lift, R"({"reason":"再次"})").status, 400);
}

TEST_F(HoldRoutes, AHoldOfStreamsSaysWhatItKeeps) {
  const auto begin = SystemClock().now() - std::chrono::seconds(20);
  hall_.record(begin, 5, true);
  const auto placed =
      place(fmt::format(R"({{"streams":["cam-w1.main"],"from_us":{},"to_us":{},"reason":"复核"}})",
                        to_us(begin) + 1, to_us(begin) + 2));
  EXPECT_TRUE(placed.at("case").is_null());
  EXPECT_EQ(placed.at("segments").to_number<int>(), 1);
  EXPECT_GT(placed.at("bytes").to_number<int64_t>(), 0);
  EXPECT_TRUE(placed.at("complete").as_bool());
  EXPECT_TRUE(placed.at("gone").as_array().empty());
}

TEST_F(HoldRoutes, ArePaged) {
  for (int i = 0; i < 3; ++i) place(R"({"case":"SC-1","reason":"投诉"})");
  const auto first = parsed(hall_.get("/api/v1/holds?limit=2"));
  EXPECT_THAT(first.at("holds").as_array(), SizeIs(2));
  const auto second =
      parsed(hall_.get("/api/v1/holds?limit=2&after=" + std::string(first.at("next").as_string())));
  EXPECT_THAT(second.at("holds").as_array(), SizeIs(1));
  EXPECT_TRUE(second.at("next").is_null());
  for (const char* wrong : {"state=old", "limit=0", "limit=201", "after=x", "x=1"})
    EXPECT_EQ(hall_.get(std::string("/api/v1/holds?") + wrong).status, 400) << wrong;
}

TEST_F(HoldRoutes, WhatCannotBeHeldIsNamed) {
  const std::pair<const char*, int> wrong[] = {
      {R"({"case":"SC-1"})", 400},
      {R"({"case":"SC-1","reason":""})", 400},
      {R"({"reason":"投诉"})", 400},
      {R"({"case":"SC-9","reason":"投诉"})", 404},
      {R"({"case":"SC-1","streams":["cam-w1.main"],"from_us":1,"to_us":2,"reason":"投诉"})", 400},
      {R"({"case":"SC-1","from_us":1,"to_us":2,"reason":"投诉"})", 400},
      {R"({"streams":["cam-w1.main"],"reason":"投诉"})", 400},
      {R"({"streams":["cam-w1.main"],"from_us":2,"to_us":1,"reason":"投诉"})", 400},
      {R"({"streams":["cam-w9.main"],"from_us":1,"to_us":2,"reason":"投诉"})", 404},
      {R"({"streams":[""],"from_us":1,"to_us":2,"reason":"投诉"})", 400},
      {R"({"streams":"cam-w1.main","from_us":1,"to_us":2,"reason":"投诉"})", 400},
  };
  for (const auto& [body, status] : wrong)
    EXPECT_EQ(hall_.post("/api/v1/holds", body).status, status) << body;
  EXPECT_EQ(hall_.post("/api/v1/holds/7/lift", R"({"reason":"结案"})").status, 404);
  EXPECT_EQ(hall_.post("/api/v1/holds/x/lift", R"({"reason":"结案"})").status, 400);
}

TEST_F(HoldRoutes, WhenTheLogCannotBeWrittenTheAnswerSaysSo) {
  std::filesystem::create_symlink("/dev/full", hall_.settings.data_directory / "holds.log");
  const auto refused = hall_.post("/api/v1/holds", R"({"case":"SC-1","reason":"投诉"})");
  EXPECT_EQ(refused.status, 507) << refused.body;
  EXPECT_THAT(refused.body, HasSubstr("holds.log"));
  EXPECT_THAT(parsed(hall_.get("/api/v1/holds")).at("holds").as_array(), SizeIs(0));
}

}  // namespace
}  // namespace mj::server
