#include <gmock/gmock.h>

#include "tests/config/config_file.h"

namespace mj::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Mappings : public ConfigFile {
 protected:
  LoadedMapping load_mapping_text(const std::string& text) {
    write("mapping.toml", text);
    return load_mapping(folder_ / "mapping.toml");
  }
  std::string problem(const std::string& text) {
    const auto loaded = load_mapping_text(text);
    return loaded.problems.empty() ? "" : loaded.problems[0].key + ": " + loaded.problems[0].expected;
  }
};

TEST_F(Mappings, TheExampleIsGood) {
  const auto loaded = load_mapping(MJ_SOURCE_DIR "/config/mapping.example.toml");
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_EQ(loaded.mapping.events.size(), 2U);
}

TEST_F(Mappings, SayWhichColumnIsWhat) {
  const auto [mapping, problems] = load_mapping_text(R"(
encoding = "gb18030"
delimiter = ";"
header_line = 3
[[events]]
type = "case_step"
at = ["日期", "时间"]
case = "办件编号"
fixed = { step = "accepted" }
[[events]]
type_column = "类型"
at = "时间"
[values.type]
"叫号" = "ticket_called"
)");
  EXPECT_THAT(problems, IsEmpty());
  EXPECT_EQ(mapping.encoding, Mapping::Encoding::gb18030);
  EXPECT_EQ(mapping.delimiter, ';');
  EXPECT_EQ(mapping.header_line, 3);
  ASSERT_EQ(mapping.events.size(), 2U);
  EXPECT_THAT(mapping.events[0].fields.at("at").columns, ElementsAre("日期", "时间"));
  EXPECT_EQ(mapping.events[0].fields.at("step").fixed, "accepted");
  EXPECT_EQ(mapping.events[0].suffix, "accepted");
  EXPECT_THAT(mapping.events[1].fields.at("type").columns, ElementsAre("类型"));
  EXPECT_EQ(mapping.values.at("type").at("叫号"), "ticket_called");
}

TEST_F(Mappings, SayWhatIsWrongWithThem) {
  EXPECT_THAT(problem(""), HasSubstr("events: "));
  EXPECT_THAT(problem("[[events]]\nat = \"x\"\n"), HasSubstr("events[0].type: "));
  EXPECT_THAT(problem("[[events]]\ntype = \"roster\"\n"), HasSubstr("events[0].at: "));
  EXPECT_THAT(problem("colour = 1\n[[events]]\ntype = \"roster\"\nat = \"x\"\n"), HasSubstr("colour: "));
  EXPECT_THAT(problem("[[events]]\ntype = \"roster\"\nat = [1]\n"), HasSubstr("events[0].at: "));
  EXPECT_THAT(problem("[[events]]\ntype = \"roster\"\nat = \"x\"\nstep = \"y\"\nfixed = {step = \"z\"}\n"),
              HasSubstr("events[0].step: "));
  const std::string twice = "[[events]]\ntype = \"case_step\"\nat = \"x\"\n";
  EXPECT_THAT(problem(twice + twice), HasSubstr("events: an id_suffix"));
  EXPECT_THAT(problem("encoding = \"big5\"\n" + twice), HasSubstr("encoding: "));
  EXPECT_THAT(problem("delimiter = \"--\"\n" + twice), HasSubstr("delimiter: "));
  EXPECT_THAT(problem(twice + "[values.window]\n\"1\" = 2\n"), HasSubstr("values.window: "));
}

TEST_F(Mappings, AFeedMayHaveAFolderAClockAndADatabase) {
  write("m.toml", "[[events]]\ntype = \"case_step\"\nat = \"x\"\n");
  const auto [settings, problems] = load_text(with(R"([[feeds]]
id = "approval"
token = "feed-token-0123456789"
clock_offset_ms = -1500
folder = "drop"
mapping = "m.toml"
[feeds.sql]
kind = "mysql"
host = "192.0.2.7"
database = "approval"
user = "reader"
password = "x"
query = """SELECT * FROM steps
WHERE id >= ? order by id"""
cursor_column = "id"
cursor_start = "0"
)"));
  EXPECT_THAT(problems, IsEmpty());
  const Feed& feed = settings.feeds.at(0);
  EXPECT_EQ(feed.clock_offset, std::chrono::milliseconds(-1500));
  EXPECT_EQ(feed.folder, folder_ / "drop");
  EXPECT_EQ(feed.mapping->events.size(), 1U);
  EXPECT_EQ(feed.sql->port, 3306);
  EXPECT_EQ(feed.sql->every, std::chrono::seconds(60));
}

TEST_F(Mappings, WhatIsWrongWithAFeedIsToldWhereItStands) {
  write("m.toml", "[[events]]\ntype = \"case_step\"\n");
  const auto [settings, problems] = load_text(with(R"([[feeds]]
id = "approval"
token = "feed-token-0123456789"
mapping = "m.toml"
[feeds.sql]
kind = "oracle"
host = "192.0.2.7"
database = "approval"
user = "reader"
query = "SELECT 1"
cursor_column = "id"
)"));
  std::vector<std::string> places;
  for (const auto& problem : problems) places.push_back(problem.key);
  EXPECT_THAT(places, testing::UnorderedElementsAre("events[0].at", "feeds[0].sql.kind", "feeds[0].sql.query",
                                                    "feeds[0].sql.cursor_start"));
}

}  // namespace
}  // namespace mj::config
