#include "index/presence.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "index/footage.h"
#include "index/migrate.h"
#include "index/visits.h"
#include "tests/index/hall.h"

namespace mj::index::test {
namespace {

constexpr const char* kScreen = "ws-1.screen";
constexpr const char* kRows = "SELECT from_us, to_us, state FROM presence ORDER BY stream, from_us";

struct Shot {
  double when = 0;
  double idle = 0;
  bool locked = false;
};

/// An index's file of its own, into which shots come one by one.
class Shots {
 public:
  Shots() : database_(Database::open(folder_.path() / "index.db", Database::Mode::write).value()) {
    EXPECT_TRUE(database_->script("PRAGMA synchronous=OFF"));  // nobody cuts the power here
    EXPECT_TRUE(migrate(*database_));
    stream_ = ensure_stream(*database_, kScreen, at(0)).value();
  }
  void add(const std::vector<Shot>& shots) {
    auto transaction = Transaction::begin(*database_, Transaction::Kind::write).value();
    for (const Shot& shot : shots) {
      capture::ShotFacts facts;
      facts.idle_ms = static_cast<int64_t>(shot.idle * 1'000);
      facts.locked = shot.locked;
      VisitUpdate visits(at(0));
      ASSERT_TRUE(put_shot(*database_, kScreen, at(shot.when), facts, visits));
    }
    ASSERT_TRUE(transaction.commit());
  }
  /// "input 0-60, idle 60-" in seconds.
  std::string rows() {
    std::string text;
    const auto second = [](WallTime time) { return static_cast<double>((time - kMidnight).count()) / 1e6; };
    EXPECT_TRUE(database_->each(kRows, [&](const Statement& row) {
      const auto to = row.maybe_time(1);
      text += fmt::format("{}{} {:g}-{}", text.empty() ? "" : ", ", row.text(2), second(row.time(0)),
                          to ? fmt::format("{:g}", second(*to)) : "");
    }));
    return text;
  }
  void forget() { ASSERT_TRUE(database_->script("DELETE FROM presence; DELETE FROM shots;")); }
  Database& database() { return *database_; }
  [[nodiscard]] int64_t stream() const { return stream_; }

 private:
  mj::test::TemporaryDirectory folder_;
  std::unique_ptr<Database> database_;
  int64_t stream_ = 0;
};

/// Shots every `step` seconds of somebody whose inputs were at these moments.
std::vector<Shot> watched(double from, double to, double step, std::vector<double> inputs) {
  std::vector<Shot> shots;
  for (double when = from; when <= to; when += step) {
    double last = from - 10;
    for (const double input : inputs) last = input <= when ? std::max(last, input) : last;
    shots.push_back({when, when - last});
  }
  return shots;
}

std::string told(const std::vector<Shot>& shots) {
  Shots kept;
  kept.add(shots);
  return kept.rows();
}

TEST(Presence, IdleBeginsAtTheLastInputAndInputAtTheNext) {
  EXPECT_EQ(told(watched(0, 200, 10, {35, 152, 170})), "input 0-35, idle 35-152, input 152-");
  EXPECT_EQ(told(watched(0, 50, 10, {})), "input 0-") << "a minute without input is none";
  EXPECT_EQ(told({{0, 300}, {10, 310}}), "idle 0-") << "before the first shot nobody looked";
}

TEST(Presence, AScreenThatIsLockedIsSoFromThatShotOn) {
  EXPECT_EQ(told({{0, 1}, {10, 11, true}, {20, 21, true}, {30, 2}, {40, 12}}),
            "input 0-10, locked 10-28, input 28-");
  EXPECT_EQ(told({{0, 1, true}, {5, 1, true}, {10, 100}}), "locked 0-5, idle 5-")
      << "idle time is not dated back over what was seen";
}

TEST(Presence, ARowEndsAtTheLastShotBeforeABreakOfMoreThanTenMinutes) {
  EXPECT_EQ(told({{0, 1}, {10, 1}, {610, 1}}), "input 0-");
  EXPECT_EQ(told({{0, 1}, {10, 1}, {611, 1}, {621, 1}}), "input 0-10, input 611-");
  EXPECT_EQ(told({{0, 1}, {10, 1}, {20'000, 19'000}}), "input 0-10, idle 20000-")
      << "nor is it over a time without shots";
  EXPECT_EQ(told({{0, 1}, {700, 1}, {1400, 1}}), "input 0-0, input 700-700, input 1400-");
}

TEST(Presence, OneTouchIsWhereOneIdleRowEndsAndTheNextBegins) {
  EXPECT_EQ(told({{0, 100}, {10, 110}, {20, 0}, {90, 70}, {100, 80}}), "idle 0-20, idle 20-");
}

TEST(Presence, WhatAnAgentSaysOfIdleTimeMayBeAnything) {
  EXPECT_EQ(told({{0, 1}, {10, 9e12}, {20, 0}, {30, -5}}), "idle 0-20, input 20-");
}

/// Hours of shots at any cadence, with breaks, locks, and an idle counter that is not always right.
std::vector<Shot> any_shots(std::mt19937_64& random) {
  const auto between = [&](double low, double high) {
    return std::round(std::uniform_real_distribution(low, high)(random));
  };
  const double cadence = std::array{2.0, 5.0, 30.0, 200.0, 580.0}[random() % 5];
  std::vector<Shot> shots;
  double when = 1'000, touched = 1'000;
  while (shots.size() < 60) {
    when += random() % 15 == 0 ? between(1, 1'400) : between(1, cadence);
    if (random() % 4 == 0) touched = when - between(0, 70);
    const double idle = random() % 10 == 0 ? between(0, 2'000) : when - touched;
    shots.push_back({when, idle, random() % 8 == 0});
  }
  return shots;
}

TEST(Presence, TheSameShotsGiveTheSameRowsInWhateverOrderTheyCome) {
  Shots kept;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    std::mt19937_64 random(seed);
    auto shots = any_shots(random);
    kept.forget();
    kept.add(shots);
    const std::string rows = kept.rows();
    for (int round = 0; round < 3; ++round) {
      if (round == 0) {
        std::ranges::reverse(shots);
      } else {
        std::ranges::shuffle(shots, random);
      }
      kept.forget();
      kept.add(shots);
      EXPECT_EQ(kept.rows(), rows) << "seed " << seed << " round " << round;
      std::ranges::shuffle(shots, random);
      kept.add(shots);
      EXPECT_EQ(kept.rows(), rows) << "seed " << seed << " twice";
    }
  }
}

TEST(Presence, WhatIsDeletedIsCutOutOfARow) {
  Shots kept;
  kept.add(watched(0, 300, 10, {5, 15, 25, 290}));
  ASSERT_EQ(kept.rows(), "input 0-25, idle 25-290, input 290-");
  ASSERT_TRUE(kept.database().script("DELETE FROM shots WHERE at_us < 1795219260000000"));
  ASSERT_TRUE(cut_presence(kept.database(), kept.stream(), at(0), at(60)));
  EXPECT_EQ(kept.rows(), "idle 60-290, input 290-");
  ASSERT_TRUE(cut_presence(kept.database(), kept.stream(), at(120), at(180)));
  EXPECT_EQ(kept.rows(), "idle 60-120, idle 180-290, input 290-") << "what is kept on both sides stays";
  ASSERT_TRUE(kept.database().script("DELETE FROM shots"));
  ASSERT_TRUE(cut_presence(kept.database(), kept.stream(), at(280), at(340)));
  EXPECT_EQ(kept.rows(), "idle 60-120, idle 180-280");
}

TEST(Presence, IsReadWithWhatAnAgentSaysOfALockedScreen) {
  Shots kept;
  kept.add(watched(0, 300, 10, {5, 15, 25, 290}));
  const auto read = [&](double from, double to, const std::vector<Gap>& gaps) {
    std::string text;
    const auto parts = presence_between(kept.database(), kept.stream(), at(from), at(to), gaps);
    for (const auto& part : parts.value())
      text += fmt::format("{} {}-{};", name(part.state), (part.begin - at(0)).count() / 1'000'000,
                          (part.end - at(0)).count() / 1'000'000);
    return text;
  };
  EXPECT_EQ(read(10, 1'000, {}), "input 10-25;idle 25-290;input 290-300;");
  EXPECT_EQ(read(30, 50, {}), "idle 30-50;");
  EXPECT_EQ(read(10, 400,
                 {{at(100), at(200), GapCause::screen_locked, ""},
                  {at(210), at(220), GapCause::stalled, ""},
                  {at(300), {}, GapCause::screen_locked, ""}}),
            "input 10-25;idle 25-100;locked 100-200;idle 200-290;input 290-300;locked 300-400;");
}

TEST(Presence, OfAnEarlierVersionIsToldFromItsShots) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 20; ++round) {
    auto shots = any_shots(random);
    for (Shot& shot : shots) {
      shot.locked = false;  // nobody noted it
      shot.idle = std::max(shot.idle, 0.0);
    }
    mj::test::TemporaryDirectory folder;
    auto database = Database::open(folder.path() / "index.db", Database::Mode::write).value();
    ASSERT_TRUE(database->script("PRAGMA synchronous=OFF"));
    for (size_t version = 1; version <= 3; ++version)
      ASSERT_TRUE(database->script(std::string(migrations()[version - 1])));
    ASSERT_TRUE(database->script(
        "INSERT INTO streams (id, key, kind, device, name, purpose, legal_basis, configured_us)"
        " VALUES (1, 'ws-1.screen', 'screen', 'ws-1', '', '', '', 0); INSERT INTO titles (id, text) VALUES "
        "(1, '')"));
    for (const Shot& shot : shots)
      ASSERT_TRUE(
          database->run("INSERT INTO shots (stream, at_us, title, program, idle_ms) VALUES (1, ?1, 1, 1, ?2)",
                        at(shot.when), static_cast<int64_t>(shot.idle * 1'000)));
    ASSERT_TRUE(database->script(std::string(migrations()[3])));
    std::string rows, wanted;
    Shots kept;
    kept.add(shots);
    for (auto [from, text] : {std::pair(database.get(), &rows), std::pair(&kept.database(), &wanted)}) {
      ASSERT_TRUE(from->each(kRows, [text = text](const Statement& row) {
        *text += fmt::format("{} {}-{};", row.text(2), row.integer(0), row.is_null(1) ? 0 : row.integer(1));
      }));
    }
    EXPECT_EQ(rows, wanted) << round;
  }
}

}  // namespace
}  // namespace mj::index::test
