#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "tests/server/hall.h"

namespace mj::server {
namespace {

using testing::HasSubstr;
namespace json = boost::json;

constexpr const char* kEvents = "/api/v1/events";

std::string called(const std::string& id, const std::string& window = "w1",
                   const std::string& at = "2026-11-21T09:45:12+08:00") {
  return json::serialize(json::object{{"id", id},
                                      {"type", "ticket_called"},
                                      {"at", at},
                                      {"window", window},
                                      {"ticket", "A012"},
                                      {"case", "20260105-100137"},
                                      {"clerk", "1037"}});
}

std::string batch(const std::vector<std::string>& events) {
  std::string out;
  for (const std::string& event : events) out += (out.empty() ? "" : ",") + event;
  return "{\"events\":[" + out + "]}";
}

/// Now in RFC 3339: before a hall is configured its windows have no cameras.
std::string recently() {
  return format_rfc3339(SystemClock().now());
}

TEST(Intake, EventsBecomeACase) {
  test::Hall hall;
  hall.sign_in();
  const std::string event = called("q-1", "w1", recently());
  const test::Answer stored = hall.post_as(test::kFeedToken, kEvents, batch({event}));
  ASSERT_EQ(stored.status, 200) << stored.body;
  EXPECT_EQ(stored.body, R"({"accepted":1,"duplicates":0})");
  const test::Answer again = hall.post_as(test::kFeedToken, kEvents, batch({event}));
  EXPECT_EQ(again.body, R"({"accepted":0,"duplicates":1})");
  const test::Answer other =
      hall.post_as(test::kFeedToken, kEvents, "\xEF\xBB\xBF" + batch({called("q-1", "w2", recently())}));
  EXPECT_EQ(other.body, R"({"accepted":0,"duplicates":1,"different":1})") << "the first word counts";

  const test::Answer hits = hall.get("/api/v1/cases?q=100137");
  EXPECT_THAT(hits.body, HasSubstr("20260105-100137"));
  const test::Answer one = hall.get("/api/v1/cases/20260105-100137");
  ASSERT_EQ(one.status, 200) << one.body;
  const json::object answer = json::parse(one.body).as_object();
  const json::object& visit = answer.at("visits").as_array().at(0).as_object();
  EXPECT_EQ(visit.at("ticket").as_string(), "A012");
  EXPECT_EQ(visit.at("window").as_object().at("name").as_string(), "1号窗口");
  const json::object& stream = visit.at("streams").as_array().at(0).as_object();
  EXPECT_EQ(stream.at("key").as_string(), "cam-w1.main");
  EXPECT_EQ(stream.at("role").as_string(), "counter");
  EXPECT_EQ(stream.at("purpose").as_string(), "投诉核查");
  EXPECT_EQ(stream.at("state").as_string(), "gap");
}

TEST(Intake, AWrongEventStoresNothingAndIsNamed) {
  test::Hall hall;
  hall.sign_in();
  const test::Answer parser =
      hall.post_as(test::kFeedToken, kEvents, batch({called("q-1", "w1", recently()), R"({"id":"q-2"})"}));
  EXPECT_EQ(parser.status, 400);
  EXPECT_THAT(parser.body, HasSubstr(R"("path":"$.events[1].)"));
  const test::Answer index = hall.post_as(
      test::kFeedToken, kEvents, batch({called("q-1", "w1", recently()), called("q-2", "w9", recently())}));
  EXPECT_EQ(index.status, 400);
  EXPECT_THAT(index.body, HasSubstr(R"("path":"$.events[1].window")"));
  EXPECT_EQ(hall.get("/api/v1/cases").body, R"({"cases":[],"next":null})");
  EXPECT_EQ(hall.post_as(test::kFeedToken, kEvents, "{\"events\":[" + std::string(100000, '[')).status, 400);
}

TEST(Intake, LinesStandAlone) {
  test::Hall hall;
  const auto lines = [&](const std::string& body, const std::string& query = "") {
    return test::ask(hall.url(), "POST", kEvents + query,
                     {{"Authorization", "Bearer " + test::kFeedToken},
                      {"Content-Type", "application/x-ndjson; charset=utf-8"}},
                     body);
  };
  const std::string good = called("q-1", "w1", recently());
  const test::Answer answer =
      lines("\xEF\xBB\xBF" + good + "\r\n\n" + called("q-2", "w9", recently()) + "\n{\"id\":\n" + good +
            "\n" + called("q-3", "w1", "yesterday") + "\n" + called("q-4", "w1", recently()));
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json::object told = json::parse(answer.body).as_object();
  EXPECT_EQ(told.at("accepted").as_int64(), 2);
  EXPECT_EQ(told.at("duplicates").as_int64(), 1);
  const json::array& refused = told.at("refused").as_array();
  ASSERT_EQ(refused.size(), 3U) << answer.body;
  EXPECT_EQ(json::serialize(refused[0]),
            R"({"line":3,"message":"window: no window \"w9\" in the settings"})");
  EXPECT_EQ(refused[1].as_object().at("line").as_int64(), 4);
  EXPECT_EQ(refused[2].as_object().at("line").as_int64(), 6);
  EXPECT_THAT(std::string(refused[2].as_object().at("message").as_string()), testing::StartsWith("at: "));
  EXPECT_EQ(lines(called("q-1", "w1", recently())).body,
            R"({"accepted":0,"duplicates":1,"different":1,"refused":[]})");
  EXPECT_EQ(lines(called("q-1", "w1", recently()), "?again=replaces").body,
            R"({"accepted":1,"duplicates":0,"replaced":1,"refused":[]})");
  EXPECT_EQ(lines(good, "?again=always").status, 400);
  EXPECT_EQ(hall.post_as(test::kFeedToken, std::string(kEvents) + "?again=replaces", batch({good})).status,
            400);
  EXPECT_EQ(lines(std::string(10'001, '\n')).status, 400);
  EXPECT_EQ(lines("").body, R"({"accepted":0,"duplicates":0,"refused":[]})");
}

TEST(Intake, BatchesOfAMegabyteAreTheMost) {
  test::Hall hall;
  EXPECT_EQ(hall.post_as(test::kFeedToken, kEvents, std::string(1024 * 1024 + 1, ' ')).status, 413);
  EXPECT_EQ(hall.post_as(test::kFeedToken, kEvents, std::string(1024 * 1024, ' ')).status, 400);
}

TEST(Intake, AnUnknownCaseIsASentence) {
  test::Hall hall;
  hall.sign_in();
  const test::Answer answer = hall.get("/api/v1/cases/20990101-1");
  EXPECT_EQ(answer.status, 404);
  EXPECT_THAT(answer.body, HasSubstr("\"kind\":\"not_found\""));
  EXPECT_EQ(hall.get("/api/v1/cases?q=%00").status, 400);
  EXPECT_EQ(hall.get("/api/v1/cases?q=a&x=1").status, 400);
  EXPECT_EQ(hall.get("/api/v1/cases?limit=101").status, 400);
  for (const char* wrong : {"", "1", "1.2", "1.2.x", "1.2.3.4"})
    EXPECT_EQ(hall.get(std::string("/api/v1/cases?after=") + wrong).status, 400) << wrong;
}

}  // namespace
}  // namespace mj::server
