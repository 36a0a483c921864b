#include "index/coverage.h"

#include <gmock/gmock.h>

#include <random>

#include "tests/index/hall.h"

namespace mj::index::test {
namespace {

CoverageFacts facts_of(double from, double to) {
  CoverageFacts facts;
  facts.from = at(from);
  facts.to = at(to);
  facts.now = at(1'000);
  facts.configured = at(0);
  facts.footage_end = at(1'000);
  facts.patience = seconds(10);
  return facts;
}

TEST(BuildCoverage, FootageBeatsAGapAndTheLaterGapTheEarlier) {
  auto facts = facts_of(0, 100);
  facts.footage = {{at(0), at(20)}, {at(50), at(100)}};
  facts.gaps = {{at(10), at(40), GapCause::stalled, ""}, {at(30), at(60), GapCause::auth_failed, ""}};
  EXPECT_EQ(told(build_coverage(facts)),
            "footage 0-20, gap 20-30 stalled, gap 30-50 auth_failed, footage 50-100");
}

TEST(BuildCoverage, SaysNotYetConfiguredBeforeTheBeginning) {
  auto facts = facts_of(-50, 100);
  facts.footage = {{at(10), at(100)}};
  facts.gaps = {{at(0), at(10), GapCause::camera_unreachable, ""}};
  EXPECT_EQ(told(build_coverage(facts)),
            "gap -50-0 not_yet_configured, gap 0-10 camera_unreachable, footage 10-100");
}

TEST(BuildCoverage, TellsAHoleWithoutARowAsUnexplained) {
  auto facts = facts_of(0, 100);
  facts.footage = {{at(0), at(40)}, {at(70), at(100)}};
  const auto coverage = build_coverage(facts);
  EXPECT_EQ(told(coverage), "footage 0-40, gap 40-70 overload, footage 70-100");
  EXPECT_EQ(coverage.gaps[0].detail, kUnexplained);
}

TEST(BuildCoverage, JoinsFootageAcrossRoundingAlsoAtTheEdgeOfTheInterval) {
  auto facts = facts_of(40.1, 80);
  facts.footage = {{at(30), at(40.05)}, {at(40.15), at(60)}, {at(60.1), at(90)}};
  EXPECT_EQ(told(build_coverage(facts)), "footage 40.1-80");
}

TEST(BuildCoverage, LetsAScreenStandStillBetweenShots) {
  auto facts = facts_of(0, 100);
  facts.kind = StreamKind::screen;
  facts.footage = {{at(0), at(40)}, {at(70), at(100)}};
  EXPECT_EQ(told(build_coverage(facts)), "footage 0-100");
  facts.gaps = {{at(40), at(70), GapCause::agent_away, ""}};
  EXPECT_EQ(told(build_coverage(facts)), "footage 0-40, gap 40-70 agent_away, footage 70-100");
}

TEST(BuildCoverage, ClaimsNothingAboutTheFuture) {
  auto facts = facts_of(900, 2'000);
  facts.footage_end = at(950);
  facts.footage = {{at(900), at(950)}};
  facts.gaps = {{at(950), std::nullopt, GapCause::stalled, ""}};
  const auto coverage = build_coverage(facts);
  EXPECT_EQ(told(coverage), "footage 900-950, gap 950- stalled");
  EXPECT_EQ(coverage.until, at(1'000));
}

TEST(BuildCoverage, WaitsForFragmentsOnTheirWayBeforeItSpeaksOfAGap) {
  auto facts = facts_of(900, 2'000);
  facts.footage_end = at(995);
  facts.footage = {{at(900), at(995)}};
  EXPECT_EQ(told(build_coverage(facts)), "footage 900-995");
  EXPECT_EQ(build_coverage(facts).until, at(995));
  facts.now = at(1'006);
  EXPECT_EQ(told(build_coverage(facts)), "footage 900-995, gap 995- overload");
}

TEST(BuildCoverage, HidesNoFootageWhenTheClockIsSteppedBack) {
  auto facts = facts_of(0, 2'000);
  facts.now = at(50);
  facts.footage_end = at(100);
  facts.footage = {{at(0), at(100)}};
  facts.gaps = {{at(100), std::nullopt, GapCause::stalled, ""}};
  EXPECT_EQ(told(build_coverage(facts)), "footage 0-100");
}

TEST(BuildCoverage, EndsWhereTheStreamWasRemoved) {
  auto facts = facts_of(0, 500);
  facts.removed = at(100);
  facts.footage_end = at(90);
  facts.footage = {{at(0), at(90)}};
  facts.gaps = {{at(90), at(100), GapCause::stalled, ""}};
  const auto coverage = build_coverage(facts);
  EXPECT_EQ(told(coverage), "footage 0-90, gap 90-100 stalled");
  EXPECT_EQ(coverage.until, at(100));
}

TEST(BuildCoverage, TellsPurgedTimeAsWhatTheFootageWas) {
  auto facts = facts_of(-10, 100);
  facts.footage = {{at(60.1), at(100)}};
  facts.purged = {{at(0), at(30), "a", at(900)}, {at(30.1), at(60), "b", std::nullopt}};
  facts.gaps = {{at(10), at(20), GapCause::stalled, ""}};
  const auto coverage = build_coverage(facts);
  EXPECT_EQ(told(coverage),
            "gap -10-0 not_yet_configured, purged 0-10, gap 10-20 stalled, purged 20-30.1, purged 30.1-60.1, "
            "footage 60.1-100");
  EXPECT_EQ(sentence(coverage.purged[0]), "a, deleted on 2026-11-21");
  EXPECT_EQ(sentence(coverage.purged[2]), "b, being deleted");
}

TEST(BuildCoverage, FootageThatIsThereBeatsARecordThatItIsNot) {
  auto facts = facts_of(0, 100);
  facts.footage = {{at(20), at(40)}};
  facts.purged = {{at(0), at(100), "a", at(900)}};
  EXPECT_EQ(told(build_coverage(facts)), "purged 0-20, footage 20-40, purged 40-100");
}

TEST(BuildCoverage, AnswersEmptyAndBackwardIntervals) {
  EXPECT_EQ(told(build_coverage(facts_of(5, 5))), "");
  EXPECT_EQ(told(build_coverage(facts_of(9, 5))), "");
  EXPECT_EQ(told(build_coverage(facts_of(5'000, 6'000))), "");
}

TEST(BuildCoverage, AlwaysSumsToTheWhole) {
  for (unsigned seed = 0; seed < 3'000; ++seed) {
    std::mt19937 random(seed);
    const auto when = [&] { return double(static_cast<int>(random() % 14'000) - 2'000) / 10; };
    auto facts = facts_of(when(), when());
    facts.kind = random() % 3 == 0 ? StreamKind::screen : StreamKind::main;
    facts.configured = at(when());
    facts.now = at(when());
    if (random() % 4 == 0) facts.removed = at(when());
    facts.footage_end.reset();
    for (auto n = random() % 6; n > 0; --n) {
      const double begin = when();
      facts.footage.push_back({at(begin), at(begin + double(random() % 1'000) / 10)});
      facts.footage_end = std::max(facts.footage_end.value_or(WallTime{}), facts.footage.back().end);
    }
    for (auto n = random() % 6; n > 0; --n) {
      const double begin = when();
      facts.gaps.push_back({at(begin), at(begin + double(random() % 1'000) / 10), GapCause::stalled, ""});
      if (random() % 5 == 0) facts.gaps.back().end.reset();
    }
    for (auto n = random() % 4; n > 0; --n) {
      const double begin = when();
      facts.purged.push_back({at(begin), at(begin + double(random() % 1'000) / 10), "r", at(900)});
    }
    std::ranges::sort(facts.purged, {}, &Purged::begin);
    const auto coverage = build_coverage(facts);
    ASSERT_EQ(unaccounted(coverage, facts.from), Duration(0)) << "seed " << seed << ": " << told(coverage);
    ASSERT_LE(coverage.until, std::max(facts.from, facts.to)) << "seed " << seed;
  }
}

}  // namespace
}  // namespace mj::index::test
