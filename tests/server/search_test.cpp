#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "tests/server/hall.h"

namespace mj::server {
namespace {

using testing::HasSubstr;
namespace json = boost::json;

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  return out;
}

class SearchBox : public testing::Test {
 protected:
  void SetUp() override {
    hall_.sign_in();
    const auto told = hall_.post_as(test::kFeedToken, "/api/v1/events",
                                    R"({"events":[
      {"id":"1","type":"ticket_called","at":"2026-11-20T01:20:00Z","window":"w1","ticket":"A12","case":"SC-2026-000137"},
      {"id":"2","type":"ticket_finished","at":"2026-11-20T01:30:00Z","window":"w1","ticket":"A12"},
      {"id":"3","type":"case_step","at":"2026-11-20T01:25:00Z","window":"w1","case":"SC-2026-000137","step":"accepted",
       "item":{"code":"511A01","name":"社会保障卡补换"}},
      {"id":"4","type":"complaint","at":"2026-11-20T02:00:00Z","window":"w1","ticket":"A12","text":"让我再补正一次材料"}]})");
    ASSERT_EQ(told.status, 200) << told.body;
  }
  json::object found(const std::string& query, const std::string& more = "") {
    const auto answer = hall_.get("/api/v1/search?q=" + escaped(query) + more);
    EXPECT_EQ(answer.status, 200) << query << ": " << answer.body;
    return json::parse(answer.body).as_object();
  }
  static std::vector<std::string> cases_of(const json::object& answer) {
    std::vector<std::string> numbers;
    for (const auto& hit : answer.at("cases").as_array()) numbers.emplace_back(hit.at("number").as_string());
    return numbers;
  }

  test::Hall hall_;
};

TEST_F(SearchBox, FindsACaseByAnyPartOfItsNumberThatPeopleSay) {
  for (const char* query : {"SC-2026-000137", "ｓｃ２０２６０００１３７", "SC-2026", "0137", "000137"}) {
    const auto answer = found(query);
    EXPECT_EQ(answer.at("as").as_string(), "number") << query;
    EXPECT_THAT(cases_of(answer), testing::ElementsAre("SC-2026-000137")) << query;
  }
}

TEST_F(SearchBox, ReadsTicketDayAndTimeInTheHallsZone) {
  const auto answer = found("A12 2026-11-20 9:22");
  EXPECT_EQ(answer.at("as").as_string(), "visits");
  EXPECT_EQ(answer.at("read").at("ticket").as_string(), "a12");
  const auto& hit = answer.at("visits").at(0);
  EXPECT_EQ(hit.at("visit").at("ticket").as_string(), "A12");
  EXPECT_EQ(hit.at("case_numbers").at(0).as_string(), "SC-2026-000137");
}

TEST_F(SearchBox, FindsWordsOfTwoCharactersInItemsAndNotes) {
  const auto items = found("补换");
  EXPECT_EQ(items.at("as").as_string(), "words");
  EXPECT_EQ(items.at("items").at(0).at("name").as_string(), "社会保障卡补换");
  EXPECT_EQ(items.at("items").at(0).at("cases").at(0).as_string(), "SC-2026-000137");
  const auto notes = found("补正");
  EXPECT_EQ(notes.at("notes").at(0).at("text").as_string(), "让我再补正一次材料");
  EXPECT_TRUE(notes.at("items").as_array().empty()) << "补换 is not 补正";
  EXPECT_EQ(found("注销").at("as").as_string(), "nothing");
}

TEST_F(SearchBox, TakesWhateverIsTypedOrSaysWhyNot) {
  for (const char* harmless : {"%", "*", "\" OR 1=1 --", "NEAR(", "''", "\\", "  "})
    EXPECT_TRUE(found(harmless).at("cases").as_array().empty()) << harmless;
  const std::string target = "/api/v1/search";
  for (const std::string wrong : {"", "?q=%FF", "?limit=5", "?q=a&limit=0", "?q=a&limit=101", "?q=a&x=1"}) {
    const auto answer = hall_.get(target + wrong);
    EXPECT_EQ(answer.status, 400) << wrong << answer.body;
    EXPECT_THAT(answer.body, HasSubstr("error"));
  }
  EXPECT_EQ(hall_.get(target + "?q=" + escaped(std::string(257, 'a'))).status, 400);
}

TEST_F(SearchBox, WhoLookedForWhatIsInTheLogInQuotes) {
  EXPECT_EQ(hall_.get("/api/v1/search?q=a%0Ab").status, 400) << "no line of its own";
  init_log("info");
  testing::internal::CaptureStderr();
  static_cast<void>(found("张三\" by nobody"));
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, HasSubstr(R"("张三\" by nobody")"));
  EXPECT_THAT(log, HasSubstr("zhao"));
}

}  // namespace
}  // namespace mj::server
