#include <gmock/gmock.h>

#include "tests/bench/index/truth.h"
#include "tests/support/temporary_directory.h"

namespace mj::index::test {
namespace {

/// How many links are right on a day of which it is known who sat where. `tests/bench/run.sh index` does the
/// same with many days and prints what is wrong by rule.
bench::Judged judged_day(bool queue) {
  const mj::test::TemporaryDirectory folder;
  const auto judged = bench::judge(folder.path() / "index", bench::true_day(20'261'122, 24, queue));
  EXPECT_TRUE(judged) << judged.error().message;
  return judged ? *judged : bench::Judged{};
}

std::string told(const bench::Judged& judged) {
  std::string text = fmt::format("precision {:.4f}, recall {:.4f}", judged.precision(), judged.recall());
  for (const auto& [rule, count] : judged.rules)
    text += fmt::format("\n{}: {} right, {} wrong", rule, count.right, count.wrong);
  for (const auto& mistake : judged.mistakes) text += "\n" + mistake;
  return text;
}

TEST(Precision, WithAQueueNinetyNineOfAHundredLinksAreRight) {
  const auto judged = judged_day(true);
  EXPECT_GE(judged.precision(), 0.99) << told(judged);
  EXPECT_GE(judged.recall(), 0.70) << told(judged);
}

TEST(Precision, WithStepsRosterAndTitlesAloneNinetyFiveOfAHundredAre) {
  const auto judged = judged_day(false);
  EXPECT_GE(judged.precision(), 0.95) << told(judged);
  EXPECT_GE(judged.recall(), 0.60) << told(judged);
}

}  // namespace
}  // namespace mj::index::test
