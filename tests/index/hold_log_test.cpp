#include "index/hold_log.h"

#include <gmock/gmock.h>
#include <sys/mount.h>

#include <fstream>

#include "index/hold_rows.h"
#include "index/migrate.h"
#include "tests/index/purging.h"

namespace mj::index::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const HoldPerson kZhao{"zhao", "赵敏"};

class HoldLogTest : public Purging {
 protected:
  fs::path log() const { return hall_.directory().parent_path() / "holds.log"; }
  fs::path database() const { return hall_.directory() / "index.db"; }
  std::vector<std::string> lines() const { return lines_of(log()); }
  int64_t place(double from = 100, double to = 200) {
    const auto hold = Holds(index()).place({"", {kCam}, at(from), at(to), "纪检\"调查\"", kZhao});
    EXPECT_TRUE(hold) << hold.error().message;
    return hold ? hold->id : 0;
  }
  void lift(int64_t id) {
    const auto lifted = Holds(index()).lift(id, "结案", kZhao);
    EXPECT_TRUE(lifted) << lifted.error().message;
  }
  /// "1 in force cam-w1.main 100 s, ..." as the index tells them, oldest first.
  std::string told() {
    std::string text;
    const auto page = Holds(index()).list({.lifted = true});
    for (auto hold = page->holds.rbegin(); hold != page->holds.rend(); ++hold) {
      EXPECT_EQ(hold->reason, "纪检\"调查\"");
      EXPECT_EQ(hold->by.name, "赵敏");
      text +=
          fmt::format("{}{} {}", text.empty() ? "" : ", ", hold->id, hold->lifted ? "lifted" : "in force");
      for (const auto& span : hold->held)
        text += fmt::format(" {} {} s", span.stream, (span.to - span.from).count() / 1'000'000);
    }
    return text;
  }
  /// The database as it is now, to be put back later.
  void keep_copy() {
    hall_.close();
    fs::copy_file(database(), hall_.directory().parent_path() / "copy", fs::copy_options::overwrite_existing);
    hall_.reopen();
  }
  void restore_copy() {
    hall_.close();
    fs::remove_all(hall_.directory());
    fs::create_directory(hall_.directory());
    fs::copy_file(hall_.directory().parent_path() / "copy", database());
    hall_.reopen();
  }
  void lose_index() {
    hall_.close();
    fs::remove_all(hall_.directory());
    hall_.reopen();
    hall_.apply(small_hall());
  }
  std::vector<Finding> findings() { return index().check({}, false, false, {}).value().findings; }
  void rewrite(const std::vector<std::string>& lines) {
    hall_.close();
    std::ofstream out(log(), std::ios::binary | std::ios::trunc);
    for (const auto& line : lines) out << line << '\n';
  }
};

TEST_F(HoldLogTest, ALostIndexKnowsEveryHoldAgain) {
  EXPECT_FALSE(fs::exists(log())) << "not before the first hold";
  const int64_t first = place(), second = place(300, 350);
  lift(first);
  EXPECT_THAT(lines(), SizeIs(3));
  const auto before = told();
  EXPECT_EQ(before, fmt::format("{} lifted cam-w1.main 100 s, {} in force cam-w1.main 50 s", first, second));
  lose_index();
  EXPECT_EQ(told(), before);
  EXPECT_THAT(lines(), SizeIs(3)) << "nothing to add";
  record(300, 400);
  set_clock(2 * kDay);
  turn();
  EXPECT_EQ(coverage(300, 400), "footage 300-350, purged 350-400");
}

TEST_F(HoldLogTest, AnOlderBackupTakesWhatItLacks) {
  const int64_t first = place();
  keep_copy();
  lift(first);
  place(300, 350);
  const auto before = told();
  restore_copy();
  EXPECT_EQ(told(), before);
  EXPECT_EQ(place(500, 600), 3) << "numbers are not given twice";
}

TEST_F(HoldLogTest, ARebuiltIndexKeepsThem) {
  const int64_t first = place();
  lift(first);
  place(300, 350);
  const auto before = told();
  hall_.close();
  ASSERT_TRUE(rebuild(hall_.directory(), {}, hall_.clock(), {}));
  EXPECT_FALSE(fs::exists(hall_.directory() / "holds.log"));
  hall_.reopen();
  EXPECT_EQ(told(), before);
  EXPECT_THAT(lines(), SizeIs(3));
}

TEST_F(HoldLogTest, WhatOnlyTheRowsKnowIsWrittenAtTheNextStart) {
  lift(place());
  place(300, 350);
  const auto before = told();
  EXPECT_THAT(findings(), IsEmpty());
  // Cut between its commit and what the disk kept of the log: never so by itself, but by an old copy of it.
  for (size_t keep = 0; keep <= 3; ++keep) {
    auto cut = lines();
    ASSERT_THAT(cut, SizeIs(3));
    cut.resize(keep);
    rewrite(cut);
    hall_.reopen();
    EXPECT_THAT(lines(), SizeIs(3)) << keep;
    ASSERT_THAT(findings(), SizeIs(1)) << "a loss is not healed silently, nor forgotten";
    EXPECT_THAT(findings().front().detail, HasSubstr("lines 1 to 3 were lost"));
    lose_index();
    EXPECT_EQ(told(), before) << keep;
  }
}

TEST_F(HoldLogTest, ALogThatWasTakenAwayIsWrittenAnewWithTheNextHold) {
  place();
  fs::remove(log());
  place(300, 350);
  const auto before = told();
  lose_index();
  EXPECT_EQ(told(), before);
}

TEST_F(HoldLogTest, WhatWasLoggedButNotCommittedIsTakenAtTheNextTransaction) {
  hall_.close();
  const auto database = Database::open(this->database(), Database::Mode::write).value();
  HoldLog hold_log(hall_.directory());
  const HoldOrder order{"", {kCam}, at(100), at(200), "纪检\"调查\"", kZhao};
  int64_t id = 0;
  {
    auto transaction = Transaction::begin(*database, Transaction::Kind::write).value();
    ASSERT_TRUE(hold_log.begin(*database));
    id = put_hold(*database, order, at(1)).value();
    ASSERT_TRUE(hold_log.write(*database));
  }  // rolled back: the disk was full, or the process died
  EXPECT_EQ(number("SELECT count(*) FROM holds"), 0);
  auto transaction = Transaction::begin(*database, Transaction::Kind::write).value();
  ASSERT_TRUE(hold_log.begin(*database));
  ASSERT_TRUE(hold_log.seal(*database));
  ASSERT_TRUE(transaction.commit());
  hold_log.committed();
  EXPECT_EQ(number("SELECT id FROM holds"), id);
  EXPECT_EQ(number("SELECT to_us - from_us FROM held"), 100'000'000);
  EXPECT_THAT(lines(), SizeIs(1));
}

TEST_F(HoldLogTest, ATornLineIsCutOffAndTheRestCounts) {
  place();
  const auto before = told();
  hall_.close();
  std::ofstream(log(), std::ios::binary | std::ios::app) << R"({"number":2,"before":"0)";
  hall_.reopen();
  EXPECT_EQ(told(), before);
  EXPECT_THAT(lines(), SizeIs(1));
  place(300, 350);
  EXPECT_EQ(lines().at(1).substr(0, 11), R"({"number":2)");
}

TEST_F(HoldLogTest, ABrokenLineStillPlacesButDoesNotLift) {
  const int64_t first = place();
  place(300, 350);
  lift(first);
  auto forged = lines();
  forged[1].replace(forged[1].find("纪检"), 3, "我");
  // A lift that somebody wrote by hand.
  forged.push_back(forged[2]);
  forged[3].replace(forged[3].find(R"("hold":1)"), 8, R"("hold":2)");
  hall_.close();
  rewrite(forged);
  hall_.reopen();
  auto report = index().check({}, false, false, {});
  ASSERT_TRUE(report);
  EXPECT_THAT(report->findings, SizeIs(3)) << "two lines around the first change, and the last";
  EXPECT_EQ(report->findings.at(0).kind, "hold_log");
  EXPECT_THAT(report->findings.at(0).detail, HasSubstr("line 2"));
  hall_.close();
  fs::remove_all(hall_.directory());
  rewrite(forged);
  hall_.reopen();
  const auto page = Holds(index()).list({.lifted = true});
  ASSERT_THAT(page->holds, SizeIs(2));
  EXPECT_FALSE(page->holds[0].lifted) << "by no line that is sound";
  EXPECT_FALSE(page->holds[1].lifted) << "the lift after a changed line may be a forged one";
}

TEST_F(HoldLogTest, NonsenseIsPassedOver) {
  place();
  const std::string zeros(64, '0');
  auto spoiled = lines();
  for (const char* body :
       {R"("does":"place"})", R"("does":"place","placed_us":"x"})",
        R"("does":"place","placed_us":7,"held":[7,["a"],{}]})", R"("does":"lift","placed_us":7})", "{",
        R"("does":"place","placed_us":8,"hold":"x"})"}) {
    spoiled.push_back(R"({"number":2,"before":")" + zeros + "\"," + body);
  }
  spoiled.emplace_back("nonsense");
  spoiled.emplace_back();
  rewrite(spoiled);
  hall_.reopen();
  const auto page = Holds(index()).list({});
  EXPECT_THAT(page->holds, SizeIs(2)) << "what placed it cannot be read, but that it was placed";
  EXPECT_EQ(page->holds.back().reason, "纪检\"调查\"");
  EXPECT_TRUE(index().healthy());
}

TEST_F(HoldLogTest, AHoldThatCannotBeLoggedIsNotPlacedAndRecordingGoesOn) {
  fs::create_symlink("/dev/full", log());
  const auto refused = Holds(index()).place({"", {kCam}, at(100), at(200), "纪检", kZhao});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::no_space);
  EXPECT_THAT(refused.error().message, HasSubstr("holds.log"));
  record(100, 200);
  EXPECT_TRUE(index().healthy());
  EXPECT_THAT(Holds(index()).list({})->holds, IsEmpty());
  fs::remove(log());
  place();
}

TEST_F(HoldLogTest, WhileTheLogCannotBeReadNothingIsPurged) {
  record(100, 200);
  set_clock(2 * kDay);
  fs::create_directory(log());
  const auto refused = index().purge(remover_, 1, {});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("holds"));
  EXPECT_EQ(files(), 10U);
  EXPECT_TRUE(index().healthy()) << "recording goes on";
  fs::remove(log());
  EXPECT_EQ(turn().segments, 10U);
}

/// A disk of its own for the data directory; skips where mounting is not allowed.
class FullDisk : public testing::Test {
 protected:
  void SetUp() override {
    spdlog::set_level(spdlog::level::off);
    if (::mount("none", folder_.path().c_str(), "tmpfs", 0, "size=80m") != 0)
      GTEST_SKIP() << "mount is not allowed here";
    mounted_ = true;
    index_ = Index::open(folder_.path() / "index", clock_).value();
    ASSERT_TRUE(index_->apply(small_hall()));
    ASSERT_TRUE(fs::exists(folder_.path() / "index" / "ballast"));
  }
  void TearDown() override {
    index_.reset();
    if (mounted_) ::umount2(folder_.path().c_str(), MNT_DETACH);
    spdlog::set_level(spdlog::level::info);
  }
  void fill() {
    std::ofstream out(folder_.path() / "filler", std::ios::binary);
    const std::string block(4'096, 'x');
    while (out.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
  }

  mj::test::TemporaryDirectory folder_;
  FakeClock clock_;
  std::unique_ptr<Index> index_;
  bool mounted_ = false;
};

TEST_F(FullDisk, AHoldGetsTheBallast) {
  fill();
  const auto placed = Holds(*index_).place({"", {kCam}, at(100), at(200), "纪检", kZhao});
  ASSERT_TRUE(placed) << placed.error().message;
  EXPECT_FALSE(fs::exists(folder_.path() / "index" / "ballast"));
  EXPECT_THAT(Holds(*index_).list({.lifted = true})->holds, SizeIs(1));
}

/// The log's page has room for the line, the index's journal has none for the rows.
TEST_F(FullDisk, AHoldWhoseLineStoodInTheLogBeforeItsCommitFailedIsPlacedOnce) {
  const HoldOrder order{"", {kCam}, at(100), at(200), "纪检", kZhao};
  ASSERT_TRUE(Holds(*index_).place(order));
  fill();
  clock_.advance(seconds(1));
  const auto placed = Holds(*index_).place(order);
  ASSERT_TRUE(placed) << placed.error().message;
  EXPECT_FALSE(fs::exists(folder_.path() / "index" / "ballast"));
  EXPECT_EQ(placed->id, 2);
  EXPECT_THAT(Holds(*index_).list({.lifted = true})->holds, SizeIs(2));
}

TEST_F(FullDisk, SoIsALiftDoneOnce) {
  ASSERT_TRUE(Holds(*index_).place({"", {kCam}, at(100), at(200), "纪检", kZhao}));
  fill();
  const auto lifted = Holds(*index_).lift(1, "结案", kZhao);
  ASSERT_TRUE(lifted) << lifted.error().message;
  EXPECT_FALSE(fs::exists(folder_.path() / "index" / "ballast"));
  EXPECT_TRUE(lifted->lifted);
}

TEST_F(FullDisk, SoDoesOneFromTheCommandLine) {
  fill();
  const auto placed =
      Holds::place(folder_.path() / "index", {"", {kCam}, at(100), at(200), "纪检", kZhao}, clock_);
  ASSERT_TRUE(placed) << placed.error().message;
  EXPECT_THAT(Holds(*index_).list({.lifted = true})->holds, SizeIs(1));
}

}  // namespace
}  // namespace mj::index::test
