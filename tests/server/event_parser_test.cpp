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

TEST(EventParser, ReadsDutiesRatingsComplaintsAndWithdrawals) {
  const auto events = parse(R"({"events":[
    {"id":"1","type":"roster","at":"2026-12-21T09:00:00+08:00","until":"2026-12-21T17:00:00+08:00","clerk":"1037","window":"w3"},
    {"id":"2","type":"sign_out","at":"2026-11-21T09:00:00+08:00","clerk":"1037","corrects":"0"},
    {"id":"3","type":"rating","at":"2026-11-21T09:00:00+08:00","case":"SC-1","score":2,"text":"等了\n太久"},
    {"id":"4","type":"complaint","at":"2026-11-21T09:00:00+08:00","text":"态度不好"},
    {"id":"5","type":"withdrawn","at":"2026-11-21T09:00:00+08:00","withdraws":"4"},
    {"id":"6","type":"case_step","at":"2026-11-21T09:00:00+08:00","case":"SC-1","step":"accepted",
     "item":{"code":"X","name":"不动产登记","promised_days":5,"risk":"A"}}]})");
  ASSERT_TRUE(events) << events.error().error.message << " at " << events.error().path;
  EXPECT_EQ(format_rfc3339(events->at(0).until.value()), "2026-12-21T09:00:00.000000Z");
  EXPECT_EQ(events->at(1).corrects, "0");
  EXPECT_EQ(events->at(2).score, 2);
  EXPECT_EQ(events->at(2).note, "等了\n太久");
  EXPECT_EQ(events->at(3).note, "态度不好");
  EXPECT_EQ(events->at(4).corrects, "4");
  EXPECT_EQ(events->at(5).promised_days, 5);
  EXPECT_EQ(events->at(5).risk, "A");
  const std::string when = R"("at":"2026-11-21T09:00:00+08:00")";
  EXPECT_EQ(path_of(R"({"id":"1","type":"sign_in","clerk":"1",)" + when + "}"), "$.events[1].window");
  EXPECT_EQ(path_of(R"({"id":"1","type":"sign_in","window":"w1",)" + when + "}"), "$.events[1].clerk");
  EXPECT_EQ(path_of(R"({"id":"1","type":"roster","clerk":"1","window":"w1",)" + when + "}"),
            "$.events[1].until");
  EXPECT_EQ(path_of(R"({"id":"1","type":"rating","window":"w1","score":6,)" + when + "}"),
            "$.events[1].score");
  EXPECT_EQ(path_of(R"({"id":"1","type":"withdrawn",)" + when + "}"), "$.events[1].withdraws");
  EXPECT_EQ(path_of(R"({"id":"1","type":"withdrawn","withdraws":"2","window":"w1",)" + when + "}"),
            "$.events[1].window");
}

TEST(EventParser, TimesBecomeOurs) {
  const auto events = parse_events(
      R"({"events":[{"id":"1","type":"roster","at":"2026-11-21T09:00:10Z","until":"2026-11-21T10:00:10Z","clerk":"1","window":"w"}]})",
      kNow, std::chrono::seconds(10));
  ASSERT_TRUE(events);
  EXPECT_EQ(format_rfc3339(events->at(0).at), "2026-11-21T09:00:00.000000Z");
  EXPECT_EQ(format_rfc3339(events->at(0).until.value()), "2026-11-21T10:00:00.000000Z");
  EXPECT_EQ(events->at(0).clock_offset, std::chrono::seconds(10));
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
