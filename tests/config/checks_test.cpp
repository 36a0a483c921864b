#include "config/checks.h"

#include <gtest/gtest.h>

namespace mj::config {
namespace {

TEST(Ids, AreSafeFileNames) {
  EXPECT_TRUE(is_id("cam-01"));
  EXPECT_TRUE(is_id(std::string(48, 'a')));
  for (const std::string id : {"", "A", "a.b", "a/b", "..", "a b", "窗口", "a_b", "a\n"})
    EXPECT_FALSE(is_id(id)) << id;
  EXPECT_FALSE(is_id(std::string(49, 'a')));
}

TEST(Timezones, AreThoseOfThisMachine) {
  EXPECT_TRUE(timezone_exists("Asia/Shanghai"));
  EXPECT_TRUE(timezone_exists("Etc/GMT+8"));
  for (const char* name :
       {"", "Asia", "Asia/Nowhere", "/etc/passwd", "../zoneinfo/UTC", "Asia/../UTC", "zone.tab"}) {
    EXPECT_FALSE(timezone_exists(name)) << name;
  }
}

TEST(Characters, AreCodePoints) {
  EXPECT_EQ(character_count("3号窗口"), 4U);
  EXPECT_EQ(character_count(""), 0U);
}

TEST(Nearest, FindsTypingErrorsAndNothingFarFetched) {
  const std::vector<std::string> known = {"url", "sub_url", "window", "area"};
  EXPECT_EQ(nearest("urll", known), "url");
  EXPECT_EQ(nearest("suburl", known), "sub_url");
  EXPECT_EQ(nearest("windows", known), "window");
  EXPECT_EQ(nearest("kubernetes", known), "");
  EXPECT_EQ(nearest("", known), "");
  EXPECT_EQ(nearest(std::string(100000, 'x'), known), "");
}

TEST(Listen, IsAnAddressAndAPort) {
  const auto v4 = parse_listen("0.0.0.0:8443");
  ASSERT_TRUE(v4);
  EXPECT_EQ(v4->host, "0.0.0.0");
  EXPECT_EQ(v4->port, 8443);
  const auto v6 = parse_listen("[::]:0");
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->host, "::");
  for (const char* text : {"", ":", ":8443", "127.0.0.1:", "127.0.0.1:x", "[]:1", "[127.0.0.1]:1",
                           "256.0.0.1:1", "127.0.0.1:-1", "127.0.0.1: 1"}) {
    EXPECT_FALSE(parse_listen(text)) << text;
  }
}

}  // namespace
}  // namespace mj::config
