#include "index/chained_log.h"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/temporary_directory.h"

namespace mj::index {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class ChainedLogTest : public testing::Test {
 protected:
  std::filesystem::path file() const { return folder_.path() / "some.log"; }
  std::string text() const {
    std::ifstream in(file(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const std::string& text) { std::ofstream(file(), std::ios::binary) << text; }
  /// As a process that starts.
  ChainedLog::News read() { return ChainedLog(file()).look().value(); }
  /// Three lines.
  void fill() {
    ChainedLog log(file());
    ASSERT_TRUE(log.look());
    ASSERT_TRUE(log.append({R"({"a":1})", R"({"a":2})"}));
    ASSERT_TRUE(log.append({R"({"a":3})"}));
  }

  mj::test::TemporaryDirectory folder_;
};

TEST_F(ChainedLogTest, EachLineNamesItsNumberAndTheHashOfTheLineBefore) {
  fill();
  EXPECT_THAT(text(),
              testing::StartsWith(R"({"number":1,"before":")" + std::string(64, '0') + R"(","a":1})"));
  const auto news = read();
  ASSERT_THAT(news.lines, SizeIs(3));
  for (const auto& line : news.lines) EXPECT_EQ(line.broken, "") << line.text;
  EXPECT_THAT(news.lines[2].text, HasSubstr(R"({"number":3,)"));
}

TEST_F(ChainedLogTest, TellsOnlyWhatIsNewWhoeverWroteIt) {
  ChainedLog log(file());
  EXPECT_TRUE(log.look()->anew);
  log.settle();
  fill();
  EXPECT_THAT(log.look()->lines, SizeIs(3));
  EXPECT_THAT(log.look()->lines, SizeIs(3)) << "until it is settled";
  log.settle();
  ASSERT_TRUE(log.append({R"({"a":4})"}));
  log.settle();
  const auto news = log.look();
  EXPECT_THAT(news->lines, IsEmpty());
  EXPECT_FALSE(news->anew);
  EXPECT_THAT(read().lines, SizeIs(4));
}

TEST_F(ChainedLogTest, ALineThatWasNeverFinishedIsNoLine) {
  fill();
  const auto whole = text();
  for (const auto& torn : {std::string(R"({"number":4,"bef)"), std::string("{\"num\0\0\0\n", 9)}) {
    write(whole + torn);
    ChainedLog log(file());
    const auto news = log.look();
    EXPECT_THAT(news->lines, SizeIs(3));
    EXPECT_EQ(news->torn_bytes, torn.size());
    ASSERT_TRUE(log.cut_torn());
    EXPECT_EQ(text(), whole);
    write(whole + torn);
    ASSERT_TRUE(log.append({R"({"a":4})"}));
    EXPECT_THAT(read().lines, SizeIs(4));
    EXPECT_EQ(read().lines[3].broken, "");
  }
}

TEST_F(ChainedLogTest, TellsWhereALineWasChangedTakenOutOrPutIn) {
  fill();
  const auto whole = text();
  auto changed = whole;
  changed.replace(changed.find(R"("a":2)"), 5, R"("a":9)");
  write(changed);
  auto lines = read().lines;
  EXPECT_EQ(lines[0].broken, "");
  EXPECT_NE(lines[1].broken, "");
  EXPECT_NE(lines[2].broken, "");
  const auto second = whole.find('\n') + 1;
  const auto third = whole.find('\n', second) + 1;
  write(whole.substr(0, second) + whole.substr(third));
  EXPECT_NE(read().lines[1].broken, "");
  write(whole.substr(0, second) + "{\"lift\":1}\n" + whole.substr(second));
  lines = read().lines;
  EXPECT_NE(lines[1].broken, "");
  EXPECT_NE(lines[2].broken, "");
  ChainedLog log(file());
  ASSERT_TRUE(log.look());
  ASSERT_TRUE(log.append({R"({"a":4})"}));
  EXPECT_EQ(read().lines[4].broken, "") << "it goes on from what is there";
}

TEST_F(ChainedLogTest, AnotherFileInItsPlaceIsReadFromItsBegin) {
  fill();
  ChainedLog log(file());
  ASSERT_TRUE(log.look());
  log.settle();
  std::filesystem::remove(file());
  EXPECT_TRUE(log.look()->swapped);
  log.settle();
  fill();
  const auto news = log.look();
  EXPECT_TRUE(news->anew);
  EXPECT_THAT(news->lines, SizeIs(3));
}

TEST_F(ChainedLogTest, WhatTheDiskRefusesLeavesNothingBehind) {
  std::filesystem::create_symlink("/dev/full", file());
  ChainedLog log(file());
  ASSERT_TRUE(log.look());
  EXPECT_EQ(log.append({R"({"a":1})"}).error().kind, ErrorKind::no_space);
  std::filesystem::remove(file());
  ASSERT_TRUE(log.look());
  ASSERT_TRUE(log.append({R"({"a":1})"}));
  EXPECT_EQ(read().lines.at(0).number, 1U);
}

TEST_F(ChainedLogTest, WhatIsPassedOverIsNotReadAgain) {
  constexpr int kLines = 4'000;  // more than is read at once
  {
    ChainedLog log(file());
    ASSERT_TRUE(log.look());
    std::vector<std::string> objects;
    for (int i = 1; i <= kLines; ++i) objects.push_back(fmt::format(R"({{"a":"{:0100}"}})", i));
    ASSERT_TRUE(log.append(objects));
  }
  for (const uint64_t number : {1, 2, 3'000, kLines - 1, kLines}) {
    ChainedLog log(file());
    ASSERT_TRUE(log.pass_over(number));
    const auto news = log.look().value();
    ASSERT_THAT(news.lines, SizeIs(kLines - number));
    EXPECT_FALSE(news.anew);
    for (const auto& line : news.lines) ASSERT_EQ(line.broken, "") << line.text;
    EXPECT_EQ(log.number(), kLines);
  }
  ChainedLog longer(file());
  ASSERT_TRUE(longer.pass_over(kLines + 7));
  EXPECT_THAT(longer.look()->lines, IsEmpty());
  ASSERT_TRUE(longer.append({R"({"a":1})"}));
  EXPECT_EQ(longer.number(), kLines + 1);
  uint64_t told = 0;
  ASSERT_TRUE(ChainedLog::each_line(file(), [&](const ChainedLog::Line& line) {
    EXPECT_EQ(line.number, ++told);
    EXPECT_EQ(line.broken, "");
  }));
  EXPECT_EQ(told, kLines + 1);
}

TEST_F(ChainedLogTest, EachLineBlamesBothNeighboursWhereverABlockEnds) {
  {
    ChainedLog log(file());
    ASSERT_TRUE(log.look());
    std::vector<std::string> objects;
    for (int i = 1; i <= 4'000; ++i) objects.push_back(fmt::format(R"({{"a":"{:0100}"}})", i));
    ASSERT_TRUE(log.append(objects));
  }
  const auto whole = text();
  const auto block =
      whole.rfind('\n', size_t{256} * 1024) - 2;  // in the last line that is whole in the first block
  auto forged = whole;
  forged[block - 1] = 'x';
  write(forged);
  std::vector<uint64_t> broken;
  ASSERT_TRUE(ChainedLog::each_line(file(), [&](const ChainedLog::Line& line) {
    if (!line.broken.empty()) broken.push_back(line.number);
  }));
  ASSERT_THAT(broken, SizeIs(2));
  EXPECT_EQ(broken[0] + 1, broken[1]);
}

}  // namespace
}  // namespace mj::index
