#include "server/target.h"

#include <gmock/gmock.h>

namespace mj::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(Target, SplitsAndDecodes) {
  const auto target = parse_target("/api/v1/cases/%E5%8A%9E%2F1?q=a%20b+c&limit=5");
  ASSERT_TRUE(target);
  EXPECT_THAT(target->path, ElementsAre("api", "v1", "cases", "办/1"));
  EXPECT_THAT(target->query, ElementsAre(Pair("q", "a b c"), Pair("limit", "5")));
}

TEST(Target, RootHasNoSteps) {
  EXPECT_THAT(parse_target("/")->path, IsEmpty());
}

TEST(Target, TrailingSlashIsAnotherAddress) {
  EXPECT_THAT(parse_target("/a/")->path, ElementsAre("a", ""));
}

TEST(Target, PlusInThePathIsAPlus) {
  EXPECT_THAT(parse_target("/a+b")->path, ElementsAre("a+b"));
}

TEST(Target, RefusesWhatIsAmbiguousOrHostile) {
  for (const char* bad : {"",        "*",      "http://host/x", "x",
                          "/%",      "/%4",    "/%zz",          "/%00",
                          "/a%0Ab",  "/..",    "/a/../b",       "/%2e%2e/etc/passwd",
                          "/%2E",    "/./",    "/..%2fx",       "/a%2f..%2fb",
                          "/%C0%AF", "/%ff",   "/a#b",          "/\xE5\x8A\x9E",
                          "/a b",    "/?=1",   "/?a",           "/?a=1&a=2",
                          "/?a=%",   "/?a=%00"}) {
    const auto target = parse_target(bad);
    ASSERT_FALSE(target) << bad;
    EXPECT_EQ(target.error().kind, ErrorKind::invalid);
  }
}

TEST(Target, RefusesTooLong) {
  EXPECT_FALSE(parse_target("/" + std::string(5000, 'a')));
}

TEST(Target, UnknownQueryNamesAreErrors) {
  const auto target = parse_target("/x?from=1&to=2");
  EXPECT_TRUE(allow_query(*target, {"from", "to", "limit"}));
  EXPECT_FALSE(allow_query(*target, {"from"}));
}

TEST(Target, IntervalsAreBounded) {
  const auto interval = [](const char* text) {
    return query_interval(*parse_target(text), std::chrono::hours(24));
  };
  EXPECT_TRUE(interval("/x?from=1000&to=2000"));
  for (const char* bad :
       {"/x?to=2", "/x?from=1", "/x?from=2&to=2", "/x?from=3&to=2", "/x?from=a&to=2", "/x?from=1.5&to=2",
        "/x?from=-5&to=2", "/x?from=1&to=86400000002", "/x?from=0&to=9223372036854775807",
        "/x?from=99999999999999999999&to=2", "/x?from=+1&to=2", "/x?from=0x1&to=2"}) {
    EXPECT_FALSE(interval(bad)) << bad;
  }
}

TEST(Target, LimitIsBounded) {
  EXPECT_EQ(query_limit(*parse_target("/x"), 100).value(), 100);
  EXPECT_EQ(query_limit(*parse_target("/x?limit=7"), 100).value(), 7);
  for (const char* bad : {"/x?limit=0", "/x?limit=101", "/x?limit=-1", "/x?limit=x", "/x?limit="}) {
    EXPECT_FALSE(query_limit(*parse_target(bad), 100)) << bad;
  }
}

}  // namespace
}  // namespace mj::server
