#include <gmock/gmock.h>

#include "storage/inspect.h"
#include "storage/layout.h"
#include "storage/segment_writer.h"
#include "tests/storage/fake_file_system.h"
#include "tests/storage/footage.h"

namespace mj::storage {
namespace {

using namespace std::chrono_literals;

class RecoveryTest : public testing::Test {
 protected:
  RecoveryTest() {
    EXPECT_TRUE(tree_->make_directory("a.main"));
    EXPECT_TRUE(tree_->make_directory("a.main/20261121"));
  }

  /// An interrupted file of `fragments` whole fragments.
  SegmentRef interrupted(int fragments) {
    const SegmentRef segment{"s1", "a.main", kStart, true};
    auto writer = SegmentWriter::create(tree_, segment, run_, {}).value();
    for (int i = 0; i < fragments; ++i) EXPECT_TRUE(writer->append(make_fragment(run_, kStart + i * 1s)));
    return segment;
  }

  void append_raw(const SegmentRef& segment, BytesView bytes) {
    const auto file = tree_->open(segment_path(segment), true).value();
    EXPECT_TRUE(file->write(file->facts()->bytes, std::array{bytes}));
  }

  FakeFileSystem files_;
  std::shared_ptr<Tree> tree_ = files_.open_tree("/store").value();
  std::shared_ptr<const capture::Run> run_ = make_run("a.main", kStart);
};

TEST_F(RecoveryTest, CutsTheTornTailAndGivesTheFinalName) {
  const SegmentRef segment = interrupted(3);
  const Bytes torn = *make_fragment(run_, kStart + 3s).bytes;
  append_raw(segment, BytesView(torn).first(torn.size() - 1));
  const FoundSegment found = recover_in(*tree_, segment).value();
  EXPECT_FALSE(found.segment.open);
  EXPECT_EQ(found.fragments.size(), 3);
  EXPECT_EQ(found.end, kStart + 3s);
  EXPECT_EQ(found.bytes, found.file_bytes);
  EXPECT_NE(found.sha256, Digest{});
  files_.power_cut();
  tree_ = files_.open_tree("/store").value();
  // The directories above are the writer's to make durable, not recovery's.
  EXPECT_TRUE(tree_->list("."));
}

TEST_F(RecoveryTest, RemovesAFileWithoutAWholeFragment) {
  const SegmentRef segment = interrupted(0);
  EXPECT_EQ(recover_in(*tree_, segment).error().kind, ErrorKind::not_found);
  EXPECT_TRUE(tree_->list("a.main/20261121").value().empty());
  EXPECT_EQ(recover_in(*tree_, segment).error().kind, ErrorKind::not_found);
}

TEST_F(RecoveryTest, RemovesAFileWithATornHead) {
  files_.put_file("a.main/20261121/1795225512345678.mp4.part", as_bytes("\0\0\0\x10"));
  EXPECT_EQ(recover_in(*tree_, {"s1", "a.main", kStart, true}).error().kind, ErrorKind::not_found);
}

TEST_F(RecoveryTest, KeepsMuchFootageUnderADamagedHead) {
  files_.put_file("a.main/20261121/1795225512345678.mp4.part", Bytes(3 << 20, 0x55));
  EXPECT_EQ(recover_in(*tree_, {"s1", "a.main", kStart, true}).error().kind, ErrorKind::corrupt);
  EXPECT_EQ(tree_->list("a.main/20261121").value().size(), 1);
}

TEST_F(RecoveryTest, NeverReplacesAFinishedFile) {
  const SegmentRef segment = interrupted(1);
  files_.put_file("a.main/20261121/1795225512345678.mp4", as_bytes("finished"));
  EXPECT_FALSE(recover_in(*tree_, segment));
  EXPECT_EQ(tree_->list("a.main/20261121").value().size(), 2);
}

TEST_F(RecoveryTest, ListsFootageInOrderAndNamesStrangers) {
  files_.put_file("b.main/20261121/1795225512345678.mp4", {});
  files_.put_file("a.main/20261122/1795305600000000.mp4", {});
  files_.put_file("a.main/20261121/1795225512345678.mp4.part", {});
  files_.put_file("a.main/20261121/notes.txt", {});
  files_.put_file("a.main/20261121/1795225512345678.mp4/x", {});
  files_.put_file("a.main/thumbs/1.png", {});
  files_.put_file("holiday.jpg", {});
  files_.put_file(".mingjing-store", {});
  std::vector<std::string> strangers;
  const auto segments = list_in(*files_.open_tree("/store").value(), "s1", &strangers).value();
  ASSERT_EQ(segments.size(), 3);
  EXPECT_EQ(segment_path(segments[0]), "a.main/20261121/1795225512345678.mp4.part");
  EXPECT_EQ(segment_path(segments[1]), "a.main/20261122/1795305600000000.mp4");
  EXPECT_EQ(segment_path(segments[2]), "b.main/20261121/1795225512345678.mp4");
  EXPECT_THAT(strangers, testing::UnorderedElementsAre("a.main/20261121/notes.txt",
                                                       "a.main/20261121/1795225512345678.mp4",
                                                       "a.main/thumbs", "holiday.jpg"));
}

}  // namespace
}  // namespace mj::storage
