// Agents through the front door: enrolment, sessions, and entries that become footage.
#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "server/agent_door.h"
#include "server/digests.h"
#include "tests/server/agent_key.h"
#include "tests/server/hall.h"

namespace mj::server {
namespace {

using testing::HasSubstr;
namespace json = boost::json;

constexpr const char* kPosition = "/api/v1/screens/ws-1/position";
constexpr const char* kEntries = "/api/v1/screens/ws-1/entries";

class AgentsTest : public testing::Test {
 protected:
  std::string code(const std::string& workstation = "ws-1") {
    return test::enrolment_code(hall_, workstation);
  }
  test::Answer enrol(const test::AgentKey& key, const std::string& code) {
    return test::enrol(hall_, key, code);
  }
  test::Answer open_session(const test::AgentKey& key, const std::string& workstation = "ws-1") {
    return test::open_session(hall_, key, workstation);
  }
  std::string token() { return test::agent_token(hall_, key_, "ws-1"); }
  test::Answer send(const std::string& token, const std::string& body, const std::string& query = "") {
    return hall_.post_as(token, kEntries + query, body);
  }
  test::Answer position(const std::string& token) {
    return test::ask(hall_.url(), "GET", kPosition, {{"Authorization", "Bearer " + token}});
  }
  static int64_t number(const test::Answer& answer, const char* field) {
    return json::parse(answer.body).at(field).to_number<int64_t>();
  }
  /// Until everything up to `number` is durable: the recorder syncs twice a second.
  [[nodiscard]] bool durable(const std::string& token, int64_t number) {
    for (int attempt = 0; attempt < 200; ++attempt) {
      if (AgentsTest::number(position(token), "durable") >= number) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return false;
  }

  test::Hall hall_;
  test::AgentKey key_;
};

TEST_F(AgentsTest, ACodeEnrolsAKeyOnce) {
  const std::string one = code();
  const test::Answer first = enrol(key_, one);
  ASSERT_EQ(first.status, 200) << first.body;
  EXPECT_EQ(json::parse(first.body).at("workstation").as_string(), "ws-1");
  EXPECT_EQ(json::parse(first.body).at("agent").as_string().size(), 16U);
  EXPECT_GT(number(first, "server_time_us"), 0);
  EXPECT_EQ(enrol(test::AgentKey(), one).status, 403);
  const std::string two = code();
  const json::object forged{
      {"code", two}, {"public_key", key_.public_key()}, {"signature", key_.sign("else")}};
  EXPECT_EQ(test::ask(hall_.url(), "POST", "/api/v1/agents/enrol", {}, json::serialize(forged)).status, 400);
}

TEST_F(AgentsTest, GuessingCodesIsSlowedDown) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(enrol(key_, "wrong").status, 403);
  const test::Answer slowed = enrol(key_, code());
  EXPECT_EQ(slowed.status, 429);
  EXPECT_NE(slowed.header("Retry-After"), "");
}

TEST_F(AgentsTest, OnlyTheEnrolledKeyOpensASession) {
  EXPECT_EQ(open_session(key_).status, 403) << "not enrolled";
  ASSERT_EQ(enrol(key_, code()).status, 200);
  EXPECT_EQ(open_session(test::AgentKey()).status, 403);
  EXPECT_EQ(open_session(key_, "ws-2").status, 403);
  EXPECT_EQ(open_session(key_).status, 200);
  const json::object old{{"workstation", "ws-1"},
                         {"challenge", "1.00.00"},
                         {"signature", key_.sign("mingjing agent session\nws-1\n1.00.00")}};
  EXPECT_EQ(test::ask(hall_.url(), "POST", "/api/v1/agents/session", {}, json::serialize(old)).status, 403);
}

TEST_F(AgentsTest, ASessionIsForOneWorkstationAndEndsWithTheEnrolment) {
  const std::string mine = token();
  EXPECT_EQ(position(mine).status, 200);
  EXPECT_EQ(hall_.post_as(mine, "/api/v1/screens/ws-2/entries", "").status, 403);
  EXPECT_EQ(hall_.post_as(mine, "/api/v1/events", "{}").status, 403);
  ASSERT_TRUE(index::Agents::revoke(hall_.settings.data_directory / "index", "ws-1", hall_.clock.now()));
  EXPECT_EQ(position(mine).status, 401);
  EXPECT_EQ(open_session(key_).status, 403);
}

TEST_F(AgentsTest, EntriesBecomeFootageOnceAndPositionsTellHowFar) {
  hall_.sign_in();
  const std::string mine = token();
  EXPECT_EQ(number(position(mine), "next"), 1);
  const WallTime begin = hall_.clock.now();
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  test::EntryChain chain(begin);
  const std::string body = chain.key_shot() + chain.same() + chain.shot() + chain.state("locked");
  const test::Answer taken = send(mine, body);
  ASSERT_EQ(taken.status, 200) << taken.body;
  EXPECT_EQ(number(taken, "next"), 5);
  EXPECT_EQ(send(mine, body).status, 200) << "again changes nothing";
  ASSERT_TRUE(durable(mine, 4));
  const auto segments =
      hall_.index->fragments("ws-1.screen", begin - std::chrono::hours(1), begin + std::chrono::hours(1));
  ASSERT_TRUE(segments);
  ASSERT_EQ(segments->size(), 1U);
  EXPECT_EQ(segments->at(0).fragments.size(), 3U);
  const test::Answer shots = hall_.get(fmt::format("/api/v1/streams/ws-1.screen/shots?from={}&to={}",
                                                   to_us(begin) - 1, to_us(begin) + 60'000'000));
  EXPECT_THAT(shots.body, HasSubstr(R"("same":true)"));
  EXPECT_THAT(hall_.get("/api/v1/streams").body, HasSubstr(R"("cause":"screen_locked")"));
  EXPECT_THAT(hall_.get("/metrics").body, HasSubstr("mj_agents_heard 1"));
}

TEST_F(AgentsTest, RefusalsNameTheEntryAndSayWhereToGoOn) {
  const std::string mine = token();
  test::EntryChain chain(hall_.clock.now() - std::chrono::minutes(1));
  const std::string first = chain.key_shot();
  const std::string second = chain.shot();
  const std::string third = chain.shot();
  const test::Answer hole = send(mine, first + third);
  EXPECT_EQ(hole.status, 409);
  EXPECT_THAT(hole.body, HasSubstr(R"("path":"entries[1]")"));
  EXPECT_EQ(number(hole, "next"), 2);
  const test::Answer malformed = send(mine, second + "\x01");
  EXPECT_EQ(malformed.status, 400);
  EXPECT_EQ(number(malformed, "next"), 3) << "those before it were taken";
  EXPECT_THAT(malformed.body, HasSubstr("server_time_us"));
  chain.lose(4);
  const std::string later = chain.key_shot();
  EXPECT_EQ(send(mine, later).status, 409);
  const test::Answer gone = send(mine, third + later, "?first_available=3");
  EXPECT_EQ(gone.status, 409);
  EXPECT_EQ(number(send(mine, later, "?first_available=8"), "next"), 9);
  ASSERT_TRUE(durable(mine, 8));
  EXPECT_EQ(index::Agents::list(hall_.settings.data_directory / "index")->at(0).missing, 4U);
  EXPECT_EQ(send(mine, "", "?first_available=x").status, 400);
}

TEST_F(AgentsTest, AfterARestartTheServerGoesOnWhereItWasDurable) {
  const std::string mine = token();
  test::EntryChain chain(hall_.clock.now() - std::chrono::minutes(1));
  const std::string before = chain.key_shot() + chain.shot();
  ASSERT_EQ(send(mine, before).status, 200);
  ASSERT_TRUE(durable(mine, 2));
  // A new Capture, as after a restart of mingjingd; the index and the store are the old ones.
  capture::Capture fresh(hall_.settings, hall_.clock, *hall_.recorder);
  const auto known = index::Agents(*hall_.index)
                         .known("ws-1.screen", index::Agents(*hall_.index).of_workstation("ws-1")->id);
  ASSERT_TRUE(known);
  EXPECT_EQ(known->durable, 2U);
  EXPECT_EQ(fresh.position("ws-1", "anybody", *known)->next, 3U);
}

TEST_F(AgentsTest, ALargeUploadIsTakenOnceThenTheQuotaIsTold) {
  const std::string mine = token();
  EXPECT_EQ(send(mine, std::string(20 << 20, 'x')).status, 400);
  const test::Answer wait = send(mine, "x");
  EXPECT_EQ(wait.status, 429);
  EXPECT_GT(std::stoi(wait.header("Retry-After")), 10);
  EXPECT_THAT(wait.body, HasSubstr("server_time_us"));
  EXPECT_EQ(position(mine).status, 200) << "it can still be asked how far it is";
}

}  // namespace
}  // namespace mj::server
