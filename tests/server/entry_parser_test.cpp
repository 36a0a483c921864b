#include "server/entry_parser.h"

#include <gmock/gmock.h>

#include "server/digests.h"
#include "server/limits.h"
#include "tests/server/agent_key.h"

namespace mj::server {
namespace {

using testing::HasSubstr;

const WallTime kAt = from_us(1'763'689'512'000'000);

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), by);
}

/// The JSON of the first entry that EntryChain makes, changed and sent as number 1.
std::string with_json(const std::string& wire, const std::string& what, const std::string& by) {
  const auto begin = wire.find('{');
  const auto end = wire.rfind('}') + 1;
  return test::encode({1, {}, replaced(wire.substr(begin, end - begin), what, by), "", ""});
}

std::string path_of(const std::string& body) {
  const ParsedEntries parsed = parse_entries(as_bytes(body));
  return parsed.problem ? parsed.problem->path : "";
}

TEST(EntryParser, ReadsEveryKindWithItsChain) {
  test::EntryChain chain(kAt);
  const std::string first = chain.key_shot();
  const std::string body = first + chain.same() + chain.state("paused", "午休");
  const ParsedEntries parsed = parse_entries(as_bytes(body));
  ASSERT_FALSE(parsed.problem) << parsed.problem->path << parsed.problem->error.message;
  ASSERT_EQ(parsed.entries.size(), 3U);
  const capture::Entry& shot = parsed.entries[0];
  EXPECT_EQ(shot.ref.number, 1U);
  EXPECT_EQ(shot.ref.chain, sha256(std::string_view(first).substr(4)));
  EXPECT_EQ(shot.previous, Digest{});
  EXPECT_EQ(parsed.entries[1].previous, shot.ref.chain);
  EXPECT_TRUE(shot.key);
  EXPECT_EQ(shot.at, kAt);
  EXPECT_EQ(shot.nominal, std::chrono::seconds(5));
  EXPECT_EQ(shot.error, std::chrono::milliseconds(20));
  EXPECT_EQ(shot.facts.title, "审批系统");
  EXPECT_EQ(shot.facts.monitors, (std::vector<capture::Monitor>{{0, 0, 1920, 1080}}));
  EXPECT_EQ(shot.avc_config.size(), 23U);
  EXPECT_EQ(shot.access_unit.size(), 104U);
  EXPECT_EQ(parsed.entries[1].kind, capture::EntryKind::same);
  EXPECT_EQ(parsed.entries[2].state, GapCause::paused_by);
  EXPECT_EQ(parsed.entries[2].detail, "午休");
}

TEST(EntryParser, WhatComesBeforeAMalformedEntryIsRead) {
  test::EntryChain chain(kAt);
  const std::string body = chain.key_shot() + chain.same() + with_json(chain.same(), "idle_ms", "keys");
  const ParsedEntries parsed = parse_entries(as_bytes(body));
  EXPECT_EQ(parsed.entries.size(), 2U);
  EXPECT_EQ(parsed.problem->path, "entries[2].idle_ms");
}

TEST(EntryParser, EveryPrefixOfAnEntryIsRefused) {
  test::EntryChain chain(kAt);
  const std::string whole = chain.same();
  EXPECT_TRUE(parse_entries({}).entries.empty());
  for (std::size_t length = 1; length < whole.size(); ++length) {
    const ParsedEntries parsed = parse_entries(as_bytes(std::string_view(whole).substr(0, length)));
    EXPECT_TRUE(parsed.problem && parsed.entries.empty()) << length;
  }
}

TEST(EntryParser, LiesAboutLengthsAreNamed) {
  test::EntryChain chain(kAt);
  const std::string whole = chain.same();
  std::string lie = whole;
  lie.replace(0, 4, "\xFF\xFF\xFF\xFF");
  EXPECT_EQ(path_of(lie), "entries[0]");
  lie = whole;
  lie.replace(48, 4, "\xFF\xFF\xFF\x7F");  // of the JSON part
  EXPECT_EQ(path_of(lie), "entries[0]");
  lie = whole;
  lie[4] = 'X';
  EXPECT_EQ(path_of(lie), "entries[0]");
  EXPECT_EQ(path_of(test::encode({0, {}, "{}", "", ""})), "entries[0].number");
  EXPECT_EQ(path_of(test::encode({UINT64_MAX, {}, "{}", "", ""})), "entries[0].number");
  EXPECT_EQ(path_of(test::encode({1, {}, std::string(20'000, ' '), "", ""})), "entries[0]");
  EXPECT_EQ(path_of(test::encode({1, {}, "{}", std::string(5'000, ' '), ""})), "entries[0]");
}

TEST(EntryParser, FactsAreCheckedAndNamed) {
  test::EntryChain chain(kAt);
  const std::string same = chain.same();
  const std::string state = test::EntryChain(kAt).state("locked");
  EXPECT_EQ(path_of(with_json(same, R"("locked":false)", R"("locked":1)")), "entries[0].locked");
  EXPECT_EQ(path_of(with_json(same, R"("kind":"same")", R"("kind":"other")")), "entries[0].kind");
  EXPECT_EQ(path_of(with_json(same, R"("kind":"same")", R"("kind":"same","key":true)")), "entries[0].key");
  EXPECT_EQ(path_of(with_json(same, "chromium", std::string(513, 'x'))), "entries[0].program");
  EXPECT_EQ(path_of(with_json(same, "[[0,0,1920,1080]]", "[[0,0,1920]]")), "entries[0].monitors");
  EXPECT_EQ(path_of(with_json(same, "[[0,0,1920,1080]]", "[[0,0,1920,1e9]]")), "entries[0].monitors");
  EXPECT_EQ(path_of(with_json(same, "[[0,0,1920,1080]]", "7")), "entries[0].monitors");
  std::string many = "[[0,0,1,1]";
  for (int i = 0; i < 16; ++i) many += ",[0,0,1,1]";
  EXPECT_EQ(path_of(with_json(same, "[[0,0,1920,1080]]", many + "]")), "entries[0].monitors");
  EXPECT_EQ(path_of(with_json(same, R"("nominal_ms":5000)", R"("nominal_ms":0)")), "entries[0].nominal_ms");
  EXPECT_EQ(path_of(with_json(state, R"("state":"locked")", R"("state":"gone")")), "entries[0].state");
  EXPECT_EQ(path_of(with_json(state, R"("state":"locked")", R"("state":"paused")")), "entries[0].detail");
  EXPECT_EQ(path_of(with_json(state, R"("state":"locked")", R"("state":"locked","title":"x")")),
            "entries[0].title");
}

TEST(EntryParser, AnUploadHasAnEnd) {
  std::string body;
  test::EntryChain chain(kAt);
  const std::string one = chain.same();
  for (std::size_t i = 0; i <= kEntriesPerUpload; ++i) body += one;
  const ParsedEntries parsed = parse_entries(as_bytes(body));
  EXPECT_EQ(parsed.entries.size(), kEntriesPerUpload);
  EXPECT_EQ(parsed.problem->path, fmt::format("entries[{}]", kEntriesPerUpload));
}

}  // namespace
}  // namespace mj::server
