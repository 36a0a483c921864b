#include "capture/shot_box.h"

#include <gtest/gtest.h>

#include <random>

#include "capture/capture.h"

namespace mj::capture {
namespace {

ShotFacts some_facts() {
  ShotFacts facts;
  facts.title = "办件 \"A-17\"\t审批 🏛";
  facts.program = "approval.exe";
  facts.user = "zhang";
  facts.idle_ms = 4'211;
  facts.agent_time = from_us(1'795'000'000'123'456);
  facts.input_sha256 = std::string(64, 'a');
  return facts;
}

TEST(ShotBoxTest, ReadsBackWhatItWrote) {
  const Bytes box = encode_shot_box(some_facts());
  const auto read = parse_shot_box(BytesView(box).subspan(24));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->title, some_facts().title);
  EXPECT_EQ(read->program, "approval.exe");
  EXPECT_EQ(read->user, "zhang");
  EXPECT_EQ(read->idle_ms, 4'211);
  EXPECT_EQ(read->agent_time, some_facts().agent_time);
  EXPECT_EQ(read->input_sha256, some_facts().input_sha256);
}

TEST(ShotBoxTest, WhatIsNotOursIsNothing) {
  for (const std::string text :
       {"", "{", "[]", "{}", "null", "{\"title\":1}", "{\"a\":{\"b\":{\"c\":{}}}}", "\xFF\xFE"}) {
    EXPECT_FALSE(parse_shot_box(as_bytes(text))) << text;
  }
  EXPECT_FALSE(parse_shot_box(Bytes(100'000, '{')));
}

TEST(ShotBoxTest, WrongTypesAreLeftOutAndNoiseIsSurvived) {
  const auto read = parse_shot_box(as_bytes(R"({"agent_time_us":7,"title":7,"idle_ms":"x","more":[1,2]})"));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->title, "");
  EXPECT_EQ(read->idle_ms, 0);
  Bytes box = encode_shot_box(some_facts());
  std::mt19937 random(3);
  for (int i = 0; i < 2000; ++i) {
    Bytes damaged(box.begin() + 24, box.end());
    damaged[random() % damaged.size()] = static_cast<uint8_t>(random());
    static_cast<void>(parse_shot_box(damaged));
  }
}

TEST(CleanUtf8Test, CutsAtACharacterAndMendsWhatIsNone) {
  EXPECT_EQ(clean_utf8("办件编号", 7), "办件");
  EXPECT_EQ(clean_utf8("办件编号", 6), "办件");
  EXPECT_EQ(clean_utf8("abc", 512), "abc");
  EXPECT_EQ(clean_utf8("a\xFFz", 512), "a\xEF\xBF\xBDz");
  EXPECT_EQ(clean_utf8("\xE5\x8A", 512), "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(clean_utf8("\xC0\x80", 512), "\xEF\xBF\xBD\xEF\xBF\xBD") << "overlong";
  EXPECT_EQ(clean_utf8("\xED\xA0\x80", 512), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD") << "surrogate";
  EXPECT_EQ(clean_utf8("\xF0\x9F\x8F\x9B", 4), "🏛");
  EXPECT_EQ(clean_utf8("\xF0\x9F\x8F\x9B", 3), "");
}

}  // namespace
}  // namespace mj::capture
