#include "storage/disk.h"

#include <gmock/gmock.h>

#include "storage/layout.h"
#include "tests/storage/fake_file_system.h"

namespace mj::storage {
namespace {

using testing::HasSubstr;

class DiskTest : public testing::Test {
 protected:
  config::Store store_{"s1", "/store", 0};
  FakeFileSystem files_;
};

TEST_F(DiskTest, MarksAnEmptyDirectoryAndKnowsItAgain) {
  Disk disk(store_, files_);
  disk.check();
  EXPECT_TRUE(disk.writable()) << disk.detail();
  files_.power_cut();
  Disk again(store_, files_);
  again.check();
  EXPECT_TRUE(again.writable()) << again.detail();
  const Marker marker = read_marker(*again.tree(), store_).value();
  EXPECT_EQ(marker.store, "s1");
  EXPECT_EQ(marker.uuid.size(), 36);
}

TEST_F(DiskTest, AFreshFileSystemCountsAsEmpty) {
  files_.put_file("lost+found/x", {});
  Disk disk(store_, files_);
  disk.check();
  EXPECT_TRUE(disk.writable()) << disk.detail();
}

TEST_F(DiskTest, FilesWithoutAMarkerAreNotOurs) {
  files_.put_file("holiday.jpg", as_bytes("x"));
  Disk disk(store_, files_);
  disk.check();
  EXPECT_FALSE(disk.writable());
  EXPECT_EQ(disk.cause(), GapCause::disk_error);
  EXPECT_THAT(disk.detail(), HasSubstr("no marker .mingjing-store: mount the store's disk there"));
  EXPECT_EQ(files_.operations(), 0);
}

TEST_F(DiskTest, AnotherStoresMarkerIsTheWrongDisk) {
  files_.put_file(std::string(kMarkerFile), as_bytes("mingjing store 1\nstore=s2\nuuid=abc\n"));
  Disk disk(store_, files_);
  disk.check();
  EXPECT_FALSE(disk.writable());
  EXPECT_THAT(disk.detail(), HasSubstr("is the disk of store 's2', not of 's1'"));
  EXPECT_EQ(files_.operations(), 0);
}

TEST_F(DiskTest, ATornMarkerIsNotReplaced) {
  files_.put_file(std::string(kMarkerFile), as_bytes("mingjing sto"));
  Disk disk(store_, files_);
  disk.check();
  EXPECT_FALSE(disk.writable());
  EXPECT_THAT(disk.detail(), HasSubstr("not a store's marker"));
}

TEST_F(DiskTest, AStartThatWasCutWhileMarkingIsDoneAgain) {
  files_.put_file(".mingjing-store.new", as_bytes("mingj"));
  Disk disk(store_, files_);
  disk.check();
  EXPECT_TRUE(disk.writable()) << disk.detail();
}

TEST_F(DiskTest, AMissingDirectoryIsWaitedFor) {
  files_.set_missing(true);
  Disk disk(store_, files_);
  disk.check();
  EXPECT_THAT(disk.detail(), HasSubstr("mount the disk there, or make the directory"));
  files_.set_missing(false);
  disk.check();
  EXPECT_TRUE(disk.writable());
}

TEST_F(DiskTest, AnEmptyMountPointIsNotTakenForANewDisk) {
  Disk disk(store_, files_);
  disk.check();
  ASSERT_TRUE(disk.writable());
  files_.set_swapped(true);
  disk.check();
  EXPECT_FALSE(disk.writable());
  files_.set_swapped(false);
  ASSERT_TRUE(files_.open_tree("/store").value()->remove(std::string(kMarkerFile)));
  disk.check();
  EXPECT_FALSE(disk.writable());
  EXPECT_THAT(disk.detail(), HasSubstr("mount it again"));
}

TEST_F(DiskTest, AnotherDiskOfTheSameStoreIsNotTakenInFlight) {
  Disk disk(store_, files_);
  disk.check();
  files_.set_swapped(true);
  disk.check();
  files_.set_swapped(false);
  files_.put_file(std::string(kMarkerFile), as_bytes("mingjing store 1\nstore=s1\nuuid=other\n"));
  disk.check();
  EXPECT_FALSE(disk.writable());
  EXPECT_THAT(disk.detail(), HasSubstr("is disk other, but was"));
}

TEST_F(DiskTest, OneRecorderAtATime) {
  Disk first(store_, files_), second(store_, files_);
  first.check();
  second.check();
  EXPECT_TRUE(first.writable());
  EXPECT_FALSE(second.writable());
  EXPECT_THAT(second.detail(), HasSubstr("in use by another process"));
}

TEST_F(DiskTest, ADiskThatTakesNoBytesIsFoundOutBeforeFootageIsLost) {
  Disk disk(store_, files_);
  disk.check();
  disk.mark_failed({ErrorKind::internal, "write x: Input/output error"});
  EXPECT_FALSE(disk.writable());
  files_.fail_at(1, ErrorKind::internal, true);
  disk.check();
  EXPECT_FALSE(disk.writable());
  files_.heal();
  disk.check();
  EXPECT_TRUE(disk.writable());
}

TEST_F(DiskTest, ADiskThatIsFullAtTheStartSaysSo) {
  files_.fail_at(1, ErrorKind::no_space, true);
  Disk disk(store_, files_);
  disk.check();
  EXPECT_FALSE(disk.writable());
  EXPECT_EQ(disk.cause(), GapCause::no_space);
}

TEST_F(DiskTest, DirectoriesOfADayAreDurableBeforeTheirFiles) {
  Disk disk(store_, files_);
  disk.check();
  ASSERT_TRUE(disk.prepare_directory({"s1", "a.main", from_us(1'795'225'512'345'678), true}));
  files_.power_cut();
  const auto tree = files_.open_tree("/store").value();
  EXPECT_TRUE(tree->list("a.main/20261121"));
}

}  // namespace
}  // namespace mj::storage
