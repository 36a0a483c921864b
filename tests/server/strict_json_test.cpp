#include "server/strict_json.h"

#include <gmock/gmock.h>

namespace mj::server {
namespace {

using testing::ElementsAre;

TEST(StrictJson, TakesOneValue) {
  EXPECT_TRUE(parse_json(R"( {"a":[1,2,{"b":null}]} )"));
}

TEST(StrictJson, RefusesWhatIsNotExactlyJson) {
  for (const char* bad :
       {"", " ", "{", "{}x", "{} {}", "{a:1}", "{'a':1}", "[1,]", "{\"a\":1,}", "// x\n{}", "\xEF\xBB\xBF{}",
        "{\"a\":\"\xFF\"}", "{\"a\":\"\\ud800\"}", "nul", "01", "{\"a\":NaN}", "{\"a\":\"\n\"}"}) {
    EXPECT_FALSE(parse_json(bad)) << bad;
  }
}

TEST(StrictJson, RefusesAKeyTwice) {
  for (const char* bad : {R"({"a":1,"a":2})", R"({"x":[{"a":1,"b":2,"a":3}]})", R"({"a":1,"\u0061":2})"}) {
    const auto value = parse_json(bad);
    ASSERT_FALSE(value) << bad;
    EXPECT_THAT(value.error().error.message, testing::HasSubstr("twice"));
  }
  EXPECT_TRUE(parse_json(R"({"a":{"a":1},"b":{"a":1}})"));
}

TEST(StrictJson, RefusesDepth) {
  EXPECT_TRUE(parse_json("[[[[[[[1]]]]]]]"));
  EXPECT_FALSE(parse_json(std::string(100000, '[')));
  EXPECT_FALSE(parse_json("[[[[[[[[[1]]]]]]]]]"));
}

TEST(StrictJson, FindsElementsAsWritten) {
  EXPECT_THAT(array_elements(R"({"events": [ {"a": "],}"} , [1,{"b":2}],"x\"]" ]})"),
              ElementsAre(R"({"a": "],}"})", R"([1,{"b":2}])", R"("x\"]")"));
  EXPECT_THAT(array_elements(R"({"e":[]})"), testing::IsEmpty());
}

TEST(Fields, ReadsWhatIsThere) {
  const auto object =
      parse_json_object(R"({"t":"x","n":5,"b":true,"at":"2026-11-21T09:45:12+08:00","o":{},"z":null})");
  Fields fields(*object, "$");
  EXPECT_EQ(fields.text("t", 10), "x");
  EXPECT_EQ(fields.integer("n", 0, 10), 5);
  EXPECT_TRUE(fields.boolean("b"));
  EXPECT_EQ(format_rfc3339(fields.time("at")), "2026-11-21T01:45:12.000000Z");
  EXPECT_NE(fields.optional_object("o"), nullptr);
  EXPECT_EQ(fields.optional_text("z", 10), "");
  EXPECT_EQ(fields.optional_text("absent", 10), "");
  EXPECT_TRUE(fields.finish());
}

TEST(Fields, NamesTheFirstProblem) {
  const auto object = parse_json_object(R"({"n":"five","t":7})");
  Fields fields(*object, "$.events[3]");
  (void)fields.integer("n", 0, 10);
  (void)fields.text("t", 10);
  const auto done = fields.finish();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().path, "$.events[3].n");
}

TEST(Fields, UnknownFieldsAreErrors) {
  const auto object = parse_json_object(R"({"n":5,"extra":1})");
  Fields fields(*object, "$");
  (void)fields.integer("n", 0, 10);
  const auto done = fields.finish();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().path, "$.extra");
}

TEST(Fields, TextIsBoundedAndPlain) {
  const auto object = parse_json_object(R"({"long":"12345678901","control":"a\nb","empty":"","number":1.5})");
  for (const char* name : {"long", "control", "empty", "number"}) {
    Fields fields(*object, "$");
    (void)fields.text(name, 10);
    const auto done = fields.finish();
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().path, std::string("$.") + name);
  }
}

}  // namespace
}  // namespace mj::server
