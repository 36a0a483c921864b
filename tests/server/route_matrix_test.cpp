// Every route of the table with every kind of caller. A route added without thought fails here.
#include <gtest/gtest.h>

#include "server/digests.h"
#include "server/routes.h"
#include "tests/server/agent_key.h"

namespace mj::server {
namespace {

enum class Caller {
  anonymous,
  expired_session,
  made_up_session,
  unknown_token,
  feed,
  workstation,
  other_workstation,
  person,
  person_without_header
};

constexpr std::array kCallers{Caller::anonymous,
                              Caller::expired_session,
                              Caller::made_up_session,
                              Caller::unknown_token,
                              Caller::feed,
                              Caller::workstation,
                              Caller::other_workstation,
                              Caller::person,
                              Caller::person_without_header};

/// 0: let in (whatever the handler then says).
int expected(Access access, http::verb method, Caller caller) {
  const bool changes = method != http::verb::get;
  const bool is_person = caller == Caller::person || caller == Caller::person_without_header;
  const bool is_machine =
      caller == Caller::feed || caller == Caller::workstation || caller == Caller::other_workstation;
  const int stranger = is_person || is_machine ? 403 : 401;
  switch (access) {
    case Access::open:
      return changes && caller != Caller::person ? 403 : 0;
    case Access::agent:
      return 0;  // what it sends must prove it
    case Access::person:
      if (!is_person) return stranger;
      return changes && caller == Caller::person_without_header ? 403 : 0;
    case Access::feed:
      return caller == Caller::feed ? 0 : stranger;
    case Access::workstation:
      return caller == Caller::workstation ? 0 : stranger;
    case Access::loopback_or_person:
      return 0;  // the tests come from loopback; see below for the others
  }
  return -1;
}

std::string filled(std::string_view pattern) {
  std::string out;
  for (std::size_t at = 0; at < pattern.size();) {
    if (pattern[at] != '{') {
      out += pattern[at++];
      continue;
    }
    const auto end = pattern.find('}', at);
    const auto name = pattern.substr(at + 1, end - at - 1);
    out += name == "stream"        ? "cam-w1.main"
           : name == "workstation" ? "ws-1"
           : name == "number"      ? "20260105-1"
                                   : "1795225200000000";
    at = end + 1;
  }
  return out;
}

class RouteMatrix : public testing::Test {
 protected:
  void SetUp() override {
    hall_.sign_in();
    const auto account = hall_.index->account("zhao").value();
    ASSERT_TRUE(
        hall_.index->add_session(sha256(expired_), account.id, hall_.clock.now() - std::chrono::seconds(1)));
  }

  test::Headers headers(Caller caller) const {
    switch (caller) {
      case Caller::anonymous:
        return {};
      case Caller::expired_session:
        return {{"Cookie", "__Host-mj_session=" + expired_}, {"X-Mingjing", "1"}};
      case Caller::made_up_session:
        return {{"Cookie", "__Host-mj_session=" + std::string(64, 'b')}, {"X-Mingjing", "1"}};
      case Caller::unknown_token:
        return {{"Authorization", "Bearer 0123456789"}};
      case Caller::feed:
        return {{"Authorization", "Bearer " + test::kFeedToken}};
      case Caller::workstation:
        return {{"Authorization", "Bearer " + agent_}};
      case Caller::other_workstation:
        return {{"Authorization", "Bearer " + other_agent_}};
      case Caller::person:
        return hall_.person();
      case Caller::person_without_header:
        return {{"Cookie", hall_.cookie()}};
    }
    return {};
  }

  const std::string expired_ = std::string(64, 'a');
  test::Hall hall_;
  const std::string agent_ = test::agent_token(hall_, test::AgentKey(), "ws-1");
  const std::string other_agent_ = test::agent_token(hall_, test::AgentKey(), "ws-2");
};

TEST_F(RouteMatrix, EveryRouteLetsInExactlyThoseEntitled) {
  for (const Route& route : routes()) {
    for (const Caller caller : kCallers) {
      if (route.pattern == "/api/v1/sign-out" && caller == Caller::person)
        continue;  // would end the session; tested below
      const std::string method(http::to_string(route.method));
      const std::string body = route.method == http::verb::get ? "" : "{}";
      const test::Answer answer =
          test::ask(hall_.url(), method, filled(route.pattern), headers(caller), body);
      const int status = expected(route.access, route.method, caller);
      if (status != 0) {
        // The expired and made-up sessions carry the header, so an open route takes them as it takes anybody.
        const bool open_with_header = route.access == Access::open && headers(caller).size() == 2;
        if (open_with_header) continue;
        EXPECT_EQ(answer.status, status)
            << method << ' ' << route.pattern << " caller " << static_cast<int>(caller);
        EXPECT_NE(answer.body.find("\"kind\":\"denied\""), std::string::npos) << answer.body;
      } else {
        EXPECT_NE(answer.status, 0) << method << ' ' << route.pattern;
        EXPECT_NE(answer.status, 401)
            << method << ' ' << route.pattern << " caller " << static_cast<int>(caller);
        const bool wrong_first_token = route.pattern == "/api/v1/sign-in/first";
        if (!wrong_first_token) {
          EXPECT_NE(answer.status, 403) << method << ' ' << route.pattern;
        }
      }
    }
  }
}

TEST_F(RouteMatrix, MetricsAreForThisMachineOrAPerson) {
  const test::Headers forwarded{{"X-Forwarded-For", "10.1.2.3"}};
  EXPECT_EQ(hall_.get("/metrics").status, 200);
  EXPECT_EQ(test::ask(hall_.url(), "GET", "/metrics", forwarded).status, 401);
  EXPECT_EQ(hall_.get("/metrics", forwarded).status, 200);
}

TEST_F(RouteMatrix, SignOutEndsTheSession) {
  EXPECT_EQ(hall_.get("/api/v1/me").status, 200);
  const test::Answer out = hall_.post("/api/v1/sign-out", "");
  EXPECT_EQ(out.status, 204);
  EXPECT_NE(out.header("Set-Cookie").find("Max-Age=0"), std::string::npos);
  EXPECT_EQ(hall_.get("/api/v1/me").status, 401);
}

TEST_F(RouteMatrix, OtherMethodsAreNamed) {
  const test::Answer answer = test::ask(hall_.url(), "DELETE", "/api/v1/cases", hall_.person());
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.header("Allow"), "GET");
  EXPECT_EQ(test::ask(hall_.url(), "HEAD", "/api/v1/cases", hall_.person()).status, 405);
  EXPECT_EQ(hall_.get("/api/v1/nothing").status, 404);
  EXPECT_EQ(hall_.get("/api/v1/cases/").status, 404);
  EXPECT_EQ(hall_.get("/api").status, 404);
}

TEST_F(RouteMatrix, TwoCredentialsOfAKindAreNone) {
  const test::Headers twice{{"Cookie", hall_.cookie()}, {"Cookie", hall_.cookie()}};
  EXPECT_EQ(test::ask(hall_.url(), "GET", "/api/v1/me", twice).status, 401);
  const test::Headers in_one{{"Cookie", hall_.cookie() + "; " + hall_.cookie()}};
  EXPECT_EQ(test::ask(hall_.url(), "GET", "/api/v1/me", in_one).status, 401);
}

}  // namespace
}  // namespace mj::server
