#include "server/event_parser.h"

#include <gmock/gmock.h>

namespace mj::server {
namespace {

using Type = index::Event::Type;

const WallTime kNow = parse_rfc3339("2026-11-21T10:00:00+08:00").value();

Checked<std::vector<index::Event>> parse(const std::string& body) {
  return parse_events(body, kNow, Duration{0});
}

std::string batch(const std::string& event) {
  return R"({"events":[{"id":"q-0","type":"ticket_finished","at":"2026-11-21T09:00:00+08:00","window":"w1","ticket":"A1"},)" +
         event + "]}";
}

std::string path_of(const std::string& event) {
  const auto events = parse(batch(event));
  return events ? "accepted" : events.error().path;
}

TEST(EventParser, ReadsEveryKind) {
  const auto events = parse(R"({"events":[
    {"id":"1","type":"ticket_called","at":"2026-11-21T09:45:12+08:00","window":"w3","ticket":"A012","case":"20260105-100137",
     "clerk":"1037","item":{"code":"SB-01","name":"社会保险登记"}},
    {"id":"2","type":"case_step","at":"2026-11-21T01:50:00Z","case":"20260105-100137","step":"accepted"},
    {"id":"3","type":"ticket_finished","at":"2026-11-21T09:58:00+08:00","window":"w3","ticket":"A012","case":null}]})");
  ASSERT_TRUE(events) << events.error().error.message << " at " << events.error().path;
  ASSERT_EQ(events->size(), 3U);
  const index::Event& called = (*events)[0];
  EXPECT_EQ(called.type, Type::ticket_called);
  EXPECT_EQ(format_rfc3339(called.at), "2026-11-21T01:45:12.000000Z");
  EXPECT_EQ(called.window, "w3");
  EXPECT_EQ(called.ticket, "A012");
  EXPECT_EQ(called.case_number, "20260105-100137");
  EXPECT_EQ(called.clerk, "1037");
  EXPECT_EQ(called.item_code, "SB-01");
  EXPECT_EQ(called.item_name, "社会保险登记");
  EXPECT_EQ((*events)[1].step, "accepted");
  EXPECT_EQ(
      (*events)[1].raw,
      R"({"id":"2","type":"case_step","at":"2026-11-21T01:50:00Z","case":"20260105-100137","step":"accepted"})");
}

TEST(EventParser, SaysWhereAndWhy) {
  const std::string head =
      R"({"id":"q-1","type":"ticket_called","at":"2026-11-21T09:45:12+08:00","window":"w3")";
  EXPECT_EQ(path_of("7"), "$.events[1]");
  EXPECT_EQ(path_of("{}"), "$.events[1].id");
  EXPECT_EQ(path_of(head + "}"), "$.events[1].ticket");
  EXPECT_EQ(path_of(head + R"(,"ticket":12})"), "$.events[1].ticket");
  EXPECT_EQ(path_of(head + R"(,"ticket":"A1","step":"accepted"})"), "$.events[1].step");
  EXPECT_EQ(path_of(head + R"(,"ticket":"A1","colour":"red"})"), "$.events[1].colour");
  EXPECT_EQ(path_of(head + R"(,"ticket":"A1","case":""})"), "$.events[1].case");
  EXPECT_EQ(path_of(head + R"(,"ticket":"A1","item":{"code":"1"}})"), "$.events[1].item.name");
  EXPECT_EQ(path_of(head + R"(,"ticket":"A1","item":"x"})"), "$.events[1].item");
  EXPECT_EQ(path_of(head + R"(,"ticket":"A\u0000"})"), "$.events[1].ticket");
}

TEST(EventParser, TimesAreExactAndPlausible) {
  const auto at = [](const std::string& time) {
    return path_of(R"({"id":"1","type":"ticket_finished","window":"w1","ticket":"A1","at":)" + time + "}");
  };
  EXPECT_EQ(at(R"("2026-11-21T09:45:12+08:00")"), "accepted");
  for (const char* bad :
       {"1763689512", "\"2026-11-21 09:45:12\"", "\"2026-11-21T09:45:12\"", "\"2026-13-01T00:00:00Z\"",
        "\"\"", "null", "\"2126-11-21T09:45:12Z\"", "\"1999-12-31T23:59:59Z\"", "\"2026-11-23T10:00:00Z\""}) {
    EXPECT_EQ(at(bad), "$.events[1].at") << bad;
  }
}

TEST(EventParser, CaseStepsNeedACaseAndAStep) {
  const std::string head = R"({"id":"1","type":"case_step","at":"2026-11-21T01:00:00Z")";
  EXPECT_EQ(path_of(head + "}"), "$.events[1].case");
  EXPECT_EQ(path_of(head + R"(,"case":"1"})"), "$.events[1].step");
  EXPECT_EQ(path_of(head + R"(,"case":"1","step":"accepted","ticket":"A1"})"), "$.events[1].ticket");
  EXPECT_EQ(path_of(head + R"(,"case":"1","step":"accepted","window":"w1"})"), "accepted");
  EXPECT_EQ(path_of(R"({"id":"1","type":"coffee","at":"2026-11-21T01:00:00Z"})"), "$.events[1].type");
}

TEST(EventParser, TheBatchItselfIsChecked) {
  for (const char* bad :
       {"{}", R"({"events":{}})", R"({"events":[]})", R"({"events":null})", "[]", "null", "\"events\""}) {
    EXPECT_FALSE(parse(bad)) << bad;
  }
  const auto extra = parse(R"({"events":[{}],"more":1})");
  ASSERT_FALSE(extra);
  EXPECT_EQ(extra.error().path, "$.more");
  std::string many = R"({"events":[{})";
  for (int i = 0; i < 1000; ++i) many += ",{}";
  const auto too_many = parse(many + "]}");
  ASSERT_FALSE(too_many);
  EXPECT_EQ(too_many.error().path, "$.events");
}

TEST(EventParser, IndexErrorsGetThePathOfTheApi) {
  const Refusal refusal = refusal_of_index({ErrorKind::invalid, "events[3].window: no window w9"});
  EXPECT_EQ(refusal.path, "$.events[3].window");
  EXPECT_EQ(refusal.error.message, "no window w9");
  EXPECT_EQ(refusal_of_index({ErrorKind::no_space, "disk full: x"}).path, "");
}

}  // namespace
}  // namespace mj::server
