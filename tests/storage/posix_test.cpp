#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "storage/inspect.h"
#include "storage/layout.h"
#include "storage/store_writer.h"
#include "tests/storage/footage.h"
#include "tests/support/temporary_directory.h"

/// The real kernel: what the fake file system promises must be so.
namespace mj::storage {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class PosixTest : public testing::Test {
 protected:
  std::shared_ptr<Tree> tree() { return posix_file_system().open_tree(directory_.path()).value(); }

  test::TemporaryDirectory directory_;
};

TEST_F(PosixTest, WritesGathersReadsAndRenames) {
  const auto store = tree();
  ASSERT_TRUE(store->make_directory("d"));
  ASSERT_TRUE(store->make_directory("d"));
  const auto file = store->create("d/a").value();
  const std::array parts{as_bytes("mirror "), as_bytes(""), as_bytes("hung high")};
  ASSERT_TRUE(write_all(*file, 0, parts));
  ASSERT_TRUE(file->sync());
  EXPECT_EQ(file->facts()->bytes, 16);
  ASSERT_TRUE(file->truncate(6));
  EXPECT_EQ(as_text(read_whole(*file, 100).value()), "mirror");
  EXPECT_EQ(read_whole(*file, 5).error().kind, ErrorKind::corrupt);
  ASSERT_TRUE(store->rename("d/a", "d/b"));
  ASSERT_TRUE(store->sync_directory("d"));
  ASSERT_TRUE(store->sync_directory("."));
  EXPECT_EQ(store->list("d").value().at(0).name, "b");
  ASSERT_TRUE(store->remove("d/b"));
  EXPECT_FALSE(file->facts()->linked);
}

TEST_F(PosixTest, NeverReplacesAndSaysSo) {
  const auto store = tree();
  ASSERT_TRUE(store->create("a"));
  ASSERT_TRUE(store->create("b"));
  EXPECT_EQ(store->create("a").error().kind, ErrorKind::invalid);
  EXPECT_EQ(store->rename("a", "b").error().kind, ErrorKind::invalid);
  EXPECT_EQ(store->open("c", false).error().kind, ErrorKind::not_found);
}

TEST_F(PosixTest, NoPathLeavesTheStore) {
  const auto store = tree();
  std::filesystem::create_directory_symlink("/", directory_.path() / "out");
  std::filesystem::create_symlink("/etc/passwd", directory_.path() / "passwd");
  for (const char* path : {"../x", "/etc/passwd", "out/etc/passwd", "passwd"}) {
    EXPECT_EQ(store->open(path, false).error().kind, ErrorKind::denied) << path;
    EXPECT_FALSE(store->create(std::string(path) + "/y")) << path;
  }
  EXPECT_EQ(store->make_directory("out/tmp").error().kind, ErrorKind::denied);
  EXPECT_EQ(store->remove("out/tmp").error().kind, ErrorKind::denied);
}

TEST_F(PosixTest, ALockIsForOneAtATimeAndDiesWithItsFile) {
  const auto store = tree();
  auto first = store->create("marker").value();
  const auto second = store->open("marker", true).value();
  EXPECT_TRUE(first->lock());
  EXPECT_EQ(second->lock().error().kind, ErrorKind::unavailable);
  first.reset();
  EXPECT_TRUE(second->lock());
}

TEST_F(PosixTest, NoticesThatItsPlaceWasTaken) {
  const auto path = directory_.path() / "store";
  std::filesystem::create_directory(path);
  const auto store = posix_file_system().open_tree(path).value();
  EXPECT_TRUE(store->check_place());
  std::filesystem::rename(path, directory_.path() / "elsewhere");
  EXPECT_FALSE(store->check_place());
  std::filesystem::create_directory(path);
  EXPECT_EQ(store->check_place().error().kind, ErrorKind::unavailable);
}

TEST_F(PosixTest, AnUnmarkedStoreIsNotListed) {
  const config::Store store{"s1", directory_.path(), 0};
  EXPECT_TRUE(list_segments(store, nullptr)->empty());
  std::ofstream(directory_.path() / "holiday.jpg") << "x";
  EXPECT_EQ(list_segments(store, nullptr).error().kind, ErrorKind::unavailable);
  EXPECT_EQ(list_segments({"s1", directory_.path() / "none", 0}, nullptr).error().kind,
            ErrorKind::unavailable);
}

/// A tmpfs of its own; skips where mounting is not allowed.
class MountTest : public PosixTest {
 protected:
  void mount(const char* options) {
    if (::mount("none", directory_.path().c_str(), "tmpfs", 0, options) != 0)
      GTEST_SKIP() << "mount is not allowed here";
    mounted_ = true;
  }
  void TearDown() override {
    if (mounted_) ::umount2(directory_.path().c_str(), MNT_DETACH);
  }

  bool mounted_ = false;
  FakeClock clock_;
  Memory memory_;
  StreamTail tail_;
};

TEST_F(MountTest, ADiskThatFillsUpKeepsWhatItTook) {
  mount("size=1m");
  if (!mounted_) return;
  tail_.key = "a.main";
  StoreWriter writer({"s1", directory_.path(), 0}, {}, posix_file_system(), clock_, memory_);
  writer.tick();
  ASSERT_TRUE(writer.writable()) << writer.status().detail;
  const auto run = make_run("a.main", kStart);
  Witness witness;
  for (int i = 0; i < 20; ++i) {
    const auto fragment = make_fragment(run, kStart + i * 1s, {.payload = 100'000});
    witness.handed_in(fragment);
    writer.append(tail_, fragment);
  }
  EXPECT_FALSE(writer.writable());
  EXPECT_EQ(writer.cause(), GapCause::no_space);
  EXPECT_GE(memory_.all<FragmentDurable>().size(), 8);
  EXPECT_THAT(witness.missing(*tree(), memory_), testing::IsEmpty());
  EXPECT_THAT(witness.silent(memory_), testing::IsEmpty());
  const SegmentClosed closed = memory_.all<SegmentClosed>().at(0);
  EXPECT_FALSE(closed.suspect);
  const FoundSegment found = inspect(directory_.path(), closed.segment, true).value();
  EXPECT_EQ(found.file_bytes, closed.bytes);
  EXPECT_EQ(found.sha256, closed.sha256);
  // Room again: footage again.
  ASSERT_TRUE(tree()->remove(segment_path(closed.segment)));
  clock_.advance(2s);
  writer.tick();
  EXPECT_TRUE(writer.writable()) << writer.status().detail;
}

TEST_F(MountTest, AReadOnlyDiskIsSaidToBeSo) {
  mount("size=1m");
  if (!mounted_) return;
  if (::mount("none", directory_.path().c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, "size=1m") != 0) {
    GTEST_SKIP() << "remount is not allowed here";
  }
  StoreWriter writer({"s1", directory_.path(), 0}, {}, posix_file_system(), clock_, memory_);
  writer.tick();
  EXPECT_FALSE(writer.writable());
  EXPECT_THAT(writer.status().detail, HasSubstr("Read-only file system"));
}

TEST_F(MountTest, ADiskUnmountedInFlightIsNotWrittenToUnderneath) {
  mount("size=4m");
  if (!mounted_) return;
  tail_.key = "a.main";
  StoreWriter writer({"s1", directory_.path(), 0}, {}, posix_file_system(), clock_, memory_);
  writer.tick();
  const auto run = make_run("a.main", kStart);
  writer.append(tail_, make_fragment(run, kStart));
  ASSERT_EQ(::umount2(directory_.path().c_str(), MNT_DETACH), 0);
  mounted_ = false;
  clock_.advance(2s);
  writer.tick();
  EXPECT_FALSE(writer.writable());
  clock_.advance(2s);
  writer.tick();
  EXPECT_THAT(writer.status().detail, HasSubstr("mount it again"));
  writer.append(tail_, make_fragment(run, kStart + 1s));
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
}

}  // namespace
}  // namespace mj::storage
