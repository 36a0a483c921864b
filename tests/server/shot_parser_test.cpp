#include "server/shot_parser.h"

#include <gmock/gmock.h>

namespace mj::server {
namespace {

const std::string kSha(64, 'a');

std::string little(uint32_t value) {
  std::string out;
  for (int i = 0; i < 4; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}

std::string facts(const std::string& more = "") {
  return R"({"agent_time_us":1763689512000000,"offset_us":-250,"key":true,"nominal_ms":5000,"title":"审批\t系统","program":"chromium",)"
         R"("user":"zhang","idle_ms":1200,"input_sha256":")" +
         kSha + "\"" + more + "}";
}

std::string body(const std::string& json, const std::string& config = "CONF",
                 const std::string& unit = "UNIT") {
  return "MJS1" + little(static_cast<uint32_t>(json.size())) + json +
         little(static_cast<uint32_t>(config.size())) + config + unit;
}

TEST(ShotParser, ReadsAShot) {
  const auto shot = parse_shot(as_bytes(body(facts())));
  ASSERT_TRUE(shot) << shot.error().error.message;
  EXPECT_EQ(to_us(shot->shot.facts.agent_time), 1763689512000000);
  EXPECT_EQ(shot->offset, Duration(-250));
  EXPECT_TRUE(shot->shot.key);
  EXPECT_EQ(shot->shot.nominal, std::chrono::seconds(5));
  EXPECT_EQ(shot->shot.facts.title, "审批\t系统");
  EXPECT_EQ(shot->shot.facts.idle_ms, 1200);
  EXPECT_EQ(shot->shot.avc_config, "CONF");
  EXPECT_EQ(as_text(shot->shot.access_unit), "UNIT");
}

TEST(ShotParser, EveryPrefixOfAShotIsRefused) {
  const std::string whole = body(facts(), "CONF", "U");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(parse_shot(as_bytes(std::string_view(whole).substr(0, length)))) << length;
  }
}

TEST(ShotParser, LiesAboutLengthsAreRefused) {
  EXPECT_FALSE(parse_shot(as_bytes("MJS2" + body(facts()).substr(4))));
  EXPECT_FALSE(parse_shot(as_bytes("MJS1" + little(UINT32_MAX) + "{}")));
  EXPECT_FALSE(parse_shot(as_bytes("MJS1" + little(20000) + std::string(30000, ' '))));
  EXPECT_FALSE(parse_shot(as_bytes("MJS1" + little(2) + "{}" + little(UINT32_MAX) + "x")));
}

TEST(ShotParser, FactsAreChecked) {
  EXPECT_EQ(parse_shot(as_bytes(body("{}"))).error().path, "$.agent_time_us");
  EXPECT_EQ(parse_shot(as_bytes(body(facts(R"(,"keys":"abc")")))).error().path, "$.keys");
  std::string bad_hash = facts();
  bad_hash.replace(bad_hash.find(kSha), 1, "A");
  EXPECT_EQ(parse_shot(as_bytes(body(bad_hash))).error().path, "$.input_sha256");
  std::string long_title = facts();
  long_title.replace(long_title.find("chromium"), 8, std::string(513, 'x'));
  EXPECT_EQ(parse_shot(as_bytes(body(long_title))).error().path, "$.program");
}

TEST(ShotParser, AgentTimeCountsWhileItIsBelievable) {
  const WallTime now = from_us(1'000'000'000);
  ReceivedShot shot;
  shot.shot.facts.agent_time = now - std::chrono::hours(8);
  shot.offset = std::chrono::hours(8) - std::chrono::seconds(2);
  EXPECT_EQ(shot_time(shot, now), now - std::chrono::seconds(2));
  shot.offset = std::chrono::hours(8) + std::chrono::seconds(6);
  EXPECT_EQ(shot_time(shot, now), now);
  shot.offset = std::chrono::hours(8) - std::chrono::seconds(6);
  EXPECT_EQ(shot_time(shot, now), now);
}

}  // namespace
}  // namespace mj::server
