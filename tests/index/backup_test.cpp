#include "index/backup.h"

#include <gmock/gmock.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "tests/index/hall.h"

namespace mj::index::test {
namespace {

constexpr const char* kCam = "cam-w1.main";
const auto kGoOn = [] { return true; };

class BackupTest : public testing::Test {
 protected:
  BackupTest() { hall_.clock().set(at(100'000)); }

  std::filesystem::path directory() const { return folder_.path() / "backup"; }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(directory()))
      all.push_back(entry.path().filename().string());
    std::ranges::sort(all);
    return all;
  }
  Result<std::filesystem::path> make(int keep = 2) {
    return Backups(hall_.index()).make(directory(), keep, kGoOn);
  }

  Hall hall_;
  mj::test::TemporaryDirectory folder_;
};

TEST_F(BackupTest, IsAnIndexByItselfWithAllThatWasCommitted) {
  FakeRecorder camera(hall_.index(), kCam);
  camera.footage(at(0), 60);
  hall_.settle();
  const auto made = make();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_THAT(names(), testing::ElementsAre("index-20261122T034640Z.db"));
  EXPECT_EQ(Backups::newest(directory()), at(100'000));

  const auto restored = folder_.path() / "restored";
  std::filesystem::create_directories(restored);
  std::filesystem::copy_file(*made, restored / "index.db");
  const auto index = Index::open(restored, hall_.clock());
  ASSERT_TRUE(index) << index.error().message;
  EXPECT_EQ((*index)->fragments(kCam, at(0), at(60)).value().size(), 1U);
}

TEST_F(BackupTest, KeepsTheNewestAndNothingThatAnEndInTheMiddleLeft) {
  std::filesystem::create_directories(directory());
  for (const char* stale :
       {"index-20261121T000000Z.db.part", "index-20261121T000000Z.db.part-journal", "notes.txt"})
    std::ofstream(directory() / stale) << "half";
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(make());
    hall_.clock().advance(std::chrono::hours(1));
  }
  EXPECT_THAT(names(),
              testing::ElementsAre("index-20261122T054640Z.db", "index-20261122T064640Z.db", "notes.txt"));
}

TEST_F(BackupTest, WhatIsPutAsideIsNotPushedOutByCopiesOfAnotherIndex) {
  EXPECT_FALSE(Backups::put_newest_aside(directory()).value()) << "a new hall";
  ASSERT_TRUE(make());
  const auto kept = Backups::put_newest_aside(directory());
  ASSERT_TRUE(kept && *kept);
  for (int i = 0; i < 3; ++i) {
    hall_.clock().advance(seconds(3'600));
    ASSERT_TRUE(make());
  }
  EXPECT_THAT(names(), testing::SizeIs(3));
  EXPECT_TRUE(std::filesystem::exists(**kept));
  EXPECT_EQ((*kept)->filename(), "kept-index-20261122T034640Z.db");
}

TEST_F(BackupTest, WhatAWrongClockDatedLaterDoesNotPushOutWhatIsMadeNow) {
  std::filesystem::create_directories(directory());
  for (const char* later : {"index-20300101T000000Z.db", "index-20300101T010000Z.db"})
    std::ofstream(directory() / later) << "a copy";
  const auto made = make();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(std::filesystem::exists(*made));
  EXPECT_THAT(names(), testing::SizeIs(2));
  hall_.clock().advance(seconds(3'600));
  ASSERT_TRUE(make());
  EXPECT_THAT(names(), testing::ElementsAre("index-20261122T034640Z.db", "index-20261122T044640Z.db"));
}

TEST_F(BackupTest, AnEmptyIndexIsALostOne) {
  const auto index = folder_.path() / "index";
  EXPECT_TRUE(is_lost(index)) << "no folder";
  std::filesystem::create_directories(index);
  std::ofstream(index / "index.db").close();
  EXPECT_TRUE(is_lost(index));
  std::ofstream(index / "index.db-wal") << "not yet in the file";
  EXPECT_FALSE(is_lost(index));
  EXPECT_FALSE(is_lost(hall_.directory()));
}

TEST_F(BackupTest, LeavesNothingWhenItIsGivenUp) {
  ASSERT_TRUE(make());
  hall_.clock().advance(std::chrono::hours(1));
  const auto given_up = Backups(hall_.index()).make(directory(), 1, [] { return false; });
  ASSERT_FALSE(given_up);
  EXPECT_EQ(given_up.error().kind, ErrorKind::cancelled);
  EXPECT_THAT(names(), testing::ElementsAre("index-20261122T034640Z.db"));
}

TEST_F(BackupTest, IsWholeWhileTheWriterGoesOn) {
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    FakeRecorder camera(hall_.index(), kCam);
    for (int i = 0; !stop; ++i) {
      camera.footage(at(i * 60), 60);
      hall_.settle();
    }
  });
  for (int i = 0; i < 3; ++i) {
    hall_.clock().advance(std::chrono::hours(1));
    const auto made = make(1);
    EXPECT_TRUE(made) << made.error().message;
  }
  stop = true;
  writer.join();
  EXPECT_THAT(names(), testing::SizeIs(1));
}

TEST_F(BackupTest, SaysWhatItCouldNotDo) {
  std::ofstream(folder_.path() / "backup") << "a file";
  EXPECT_FALSE(make());
  EXPECT_TRUE(hall_.index().healthy());
}

}  // namespace
}  // namespace mj::index::test
