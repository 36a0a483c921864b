#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "tests/server/hall.h"

namespace mj::server {
namespace {

using testing::HasSubstr;
using testing::Not;
namespace json = boost::json;

std::string first_form(const std::string& token, const std::string& login, const std::string& password) {
  return json::serialize(
      json::object{{"token", token}, {"login", login}, {"display_name", ""}, {"password", password}});
}

std::string form(const std::string& login, const std::string& password) {
  return json::serialize(json::object{{"login", login}, {"password", password}});
}

TEST(SignIn, TheFirstTokenMakesOneAccount) {
  test::Hall hall;
  const std::string token = hall.server->first_sign_in_token();
  ASSERT_EQ(token.size(), 32U);
  const test::Answer before = hall.get("/api/v1/me");
  EXPECT_EQ(before.status, 401);
  EXPECT_THAT(before.body, HasSubstr("\"first_sign_in\":true"));

  EXPECT_EQ(hall.post("/api/v1/sign-in/first", first_form("wrong", "zhao", test::kPassword)).status, 403);
  EXPECT_EQ(hall.post("/api/v1/sign-in/first", first_form(token, "zhao", "short")).status, 400);
  EXPECT_EQ(hall.post("/api/v1/sign-in/first", first_form(token, "zh ao", test::kPassword)).status, 400);
  EXPECT_EQ(hall.post("/api/v1/sign-in/first", first_form(token, "zhao", std::string(1025, 'x'))).status,
            400);
  hall.sign_in();
  EXPECT_EQ(hall.server->first_sign_in_token(), "");
  EXPECT_EQ(hall.post("/api/v1/sign-in/first", first_form(token, "qian", test::kPassword)).status, 403);
  EXPECT_EQ(hall.post("/api/v1/sign-in/first", first_form("", "qian", test::kPassword)).status, 400);

  const test::Answer me = hall.get("/api/v1/me");
  EXPECT_EQ(me.status, 200);
  EXPECT_THAT(me.body, HasSubstr("\"login\":\"zhao\""));
  EXPECT_THAT(me.body, HasSubstr("\"timezone\":\"Asia/Shanghai\""));
  EXPECT_THAT(test::ask(hall.url(), "GET", "/api/v1/me").body, HasSubstr("\"first_sign_in\":false"));
}

TEST(SignIn, TheCookieIsWhatBrowsersKeepToThemselves) {
  test::Hall hall;
  hall.sign_in();
  const test::Answer answer = hall.post("/api/v1/sign-in", form("zhao", test::kPassword));
  ASSERT_EQ(answer.status, 200) << answer.body;
  const std::string cookie = answer.header("Set-Cookie");
  EXPECT_THAT(cookie, testing::StartsWith("__Host-mj_session="));
  for (const char* part : {"; Secure", "; HttpOnly", "; SameSite=Strict", "; Path=/", "; Max-Age=43200"}) {
    EXPECT_THAT(cookie, HasSubstr(part));
  }
  EXPECT_THAT(cookie, Not(HasSubstr("Domain")));
  EXPECT_NE(cookie.substr(0, 82), hall.cookie());
}

TEST(SignIn, PlainHttpHasAPlainCookie) {
  test::Hall hall({.tls = false, .port = 0, .deadlines = {}});
  hall.sign_in();
  EXPECT_THAT(hall.cookie(), testing::StartsWith("mj_session="));
  EXPECT_EQ(hall.get("/api/v1/me").status, 200);
  EXPECT_EQ(hall.get("/").header("Strict-Transport-Security"), "");
}

TEST(SignIn, WrongPasswordAndUnknownLoginLookTheSame) {
  test::Hall hall;
  hall.sign_in();
  const test::Answer wrong = hall.post("/api/v1/sign-in", form("zhao", "wrong password"));
  const test::Answer unknown = hall.post("/api/v1/sign-in", form("nobody", "wrong password"));
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(unknown.status, 401);
  EXPECT_EQ(wrong.body, unknown.body);
}

TEST(SignIn, GuessingIsSlowedDownForThatLogin) {
  test::Hall hall;
  hall.sign_in();
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(hall.post("/api/v1/sign-in", form("zhao", "wrong password")).status, 401);
  const test::Answer refused = hall.post("/api/v1/sign-in", form("zhao", test::kPassword));
  EXPECT_EQ(refused.status, 429);
  EXPECT_THAT(refused.header("Retry-After"), testing::AnyOf("5", "4"));
  EXPECT_EQ(hall.post("/api/v1/sign-in", form("qian", "wrong password")).status, 401);
}

TEST(SignIn, FormsAreStrict) {
  test::Hall hall;
  for (const char* bad :
       {"", "{}", "[]", "{\"login\":\"a\"}", "{\"login\":1,\"password\":\"12345678\"}",
        "{\"login\":\"a\",\"password\":\"12345678\",\"admin\":true}", "login=a&password=b"}) {
    EXPECT_EQ(hall.post("/api/v1/sign-in", bad).status, 400) << bad;
  }
}

TEST(SignIn, SessionsSurviveARestartOfTheServer) {
  test::Hall hall;
  hall.sign_in();
  hall.stop_server();
  Server again({hall.settings, hall.clock, *hall.index, *hall.reader, *hall.capture,
                [&] { return hall.recorder->status(); }});
  ASSERT_TRUE(again.start());
  EXPECT_EQ(again.first_sign_in_token(), "");
  const auto answering = test::serving(again);
  EXPECT_EQ(test::ask(again.url(), "GET", "/api/v1/me", hall.person()).status, 200);
}

}  // namespace
}  // namespace mj::server
