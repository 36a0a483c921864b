#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "storage/inspect.h"
#include "storage/layout.h"
#include "storage/marker.h"
#include "tests/storage/fake_file_system.h"
#include "tests/storage/footage.h"
#include "tests/support/temporary_directory.h"

namespace mj::storage {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Duration kMinute = std::chrono::minutes(1);

/// A store with closed segments of ten streams, three minutes each.
class RemoverTest : public testing::Test {
 protected:
  RemoverTest() {
    files_.put_file(std::string(kMarkerFile), as_bytes("mingjing store 1\nstore=s1\nuuid=u\n"));
    for (int i = 0; i < 10; ++i) {
      for (int minute = 0; minute < 3; ++minute) put(segment(i, minute));
    }
  }

  static SegmentRef segment(int stream, int minute) {
    return {"s1", fmt::format("cam-{}.main", stream), kStart + minute * kMinute, false};
  }
  void put(const SegmentRef& ref) { files_.put_file(segment_path(ref), as_bytes("footage")); }
  static std::vector<SegmentRef> minute_of_all(int minute) {
    std::vector<SegmentRef> all;
    for (int i = 0; i < 10; ++i) all.push_back(segment(i, minute));
    return all;
  }
  std::vector<SegmentRef> left() {
    const auto tree = files_.open_tree("/store").value();
    return list_in(*tree, "s1", nullptr).value();
  }
  /// Kinds of errors, "" for what went well.
  std::vector<std::string> remove(const std::vector<SegmentRef>& segments) {
    std::vector<std::string> kinds;
    for (const auto& result : remover_.remove("s1", segments)) {
      kinds.emplace_back(result ? "" : name(result.error().kind));
    }
    return kinds;
  }
  static bool all_well(const std::vector<std::string>& kinds) {
    return std::ranges::all_of(kinds, [](const auto& kind) { return kind.empty(); });
  }

  FakeFileSystem files_;
  Remover remover_{{{"s1", "/store", 0}, {"s2", "/store", 0}}, files_};
};

TEST_F(RemoverTest, WhatWasDeletedStaysDeletedWhenThePowerGoes) {
  EXPECT_TRUE(all_well(remove(minute_of_all(0))));                // one sync for all
  EXPECT_TRUE(all_well(remove({segment(3, 1), segment(4, 1)})));  // one for each directory
  files_.power_cut();
  EXPECT_THAT(left(), SizeIs(18));
  EXPECT_EQ(left().front(), segment(0, 1));
}

TEST_F(RemoverTest, TheDayThatBecameEmptyGoesToo) {
  EXPECT_TRUE(all_well(remove({segment(0, 0), segment(0, 1)})));
  const auto tree = files_.open_tree("/store").value();
  EXPECT_THAT(tree->list("cam-0.main").value(), SizeIs(1));
  EXPECT_TRUE(all_well(remove({segment(0, 2)})));
  EXPECT_THAT(tree->list("cam-0.main").value(), IsEmpty());
  files_.power_cut();
  EXPECT_THAT(files_.open_tree("/store").value()->list("cam-0.main").value(), IsEmpty());
}

TEST_F(RemoverTest, WhatIsGoneAlreadyIsWell) {
  EXPECT_TRUE(all_well(remove({segment(0, 0)})));
  EXPECT_TRUE(all_well(remove({segment(0, 0), segment(0, 1)})));
  EXPECT_TRUE(all_well(remove({segment(0, 2)})));
  EXPECT_TRUE(all_well(remove({segment(0, 2), segment(99, 0)}))) << "not even the folder is there";
}

TEST_F(RemoverTest, ASegmentWhoseLastRenameFailedGoesByItsFirstName) {
  SegmentRef first = segment(0, 7);
  first.open = true;
  put(first);
  EXPECT_TRUE(all_well(remove({segment(0, 7)})));
  EXPECT_THAT(left(), SizeIs(30));
}

TEST_F(RemoverTest, DeletesNothingThatIsNoClosedSegment) {
  files_.put_file("notes.main/20261121/1.mp4", as_bytes("x"));
  SegmentRef open = segment(0, 0);
  open.open = true;
  SegmentRef other = segment(0, 0);
  other.store = "s2";
  SegmentRef outside = segment(0, 0);
  outside.stream = "../cam-0.main";
  SegmentRef negative = segment(0, 0);
  negative.start = from_us(-1);
  EXPECT_THAT(remove({open, other, outside, negative, {"s1", "", kStart, false}}),
              ElementsAre("invalid", "invalid", "invalid", "invalid", "invalid"));
  EXPECT_EQ(files_.operations(), 0);
}

TEST_F(RemoverTest, AStoreWithoutItsMarkerIsLeftAlone) {
  EXPECT_THAT(remover_.present(), ElementsAre("s1")) << "s2 lies where the marker names another";
  EXPECT_THAT(remover_.remove("s2", {segment(0, 0)}).at(0).error().message, HasSubstr("disk of store 's1'"));
  EXPECT_FALSE(remover_.remove("s3", {segment(0, 0)}).at(0));
  files_.set_missing(true);
  EXPECT_THAT(remover_.present(), IsEmpty());
  EXPECT_THAT(remove({segment(0, 0), segment(0, 1)}), ElementsAre("unavailable", "unavailable"));
  files_.set_missing(false);
  EXPECT_THAT(left(), SizeIs(30));
}

TEST_F(RemoverTest, OneThatCannotBeDeletedDoesNotKeepTheOthers) {
  files_.fail_at(2, ErrorKind::denied);
  EXPECT_THAT(remove({segment(0, 0), segment(1, 0), segment(2, 0)}), ElementsAre("", "denied", ""));
  files_.heal();
  EXPECT_TRUE(all_well(remove({segment(1, 0)})));
  EXPECT_THAT(left(), SizeIs(27));
}

/// Every operation fails in turn, then the power goes: what was called deleted is, everything else can be
/// deleted then.
TEST_F(RemoverTest, NoFailureIsCalledDone) {
  for (int failing = 1;; ++failing) {
    FakeFileSystem files;
    files.put_file(std::string(kMarkerFile), as_bytes("mingjing store 1\nstore=s1\nuuid=u\n"));
    for (int minute = 0; minute < 3; ++minute)
      files.put_file(segment_path(segment(0, minute)), as_bytes("f"));
    for (int i = 1; i < 6; ++i) files.put_file(segment_path(segment(i, 0)), as_bytes("f"));
    const std::vector<std::vector<SegmentRef>> batches = {
        {segment(0, 0)}, {segment(0, 1), segment(0, 2)}, minute_of_all(0)};
    const Remover remover({{"s1", "/store", 0}}, files);
    files.fail_at(failing);
    std::vector<SegmentRef> done, failed;
    for (const auto& batch : batches) {
      const auto results = remover.remove("s1", batch);
      for (std::size_t i = 0; i < batch.size(); ++i) (results[i] ? done : failed).push_back(batch[i]);
    }
    const bool struck = files.struck();
    files.heal();
    files.power_cut();
    const auto there = list_in(*files.open_tree("/store").value(), "s1", nullptr).value();
    for (const auto& segment : done) {
      EXPECT_EQ(std::ranges::find(there, segment), there.end()) << "operation " << failing;
    }
    for (const auto& result : remover.remove("s1", failed)) EXPECT_TRUE(result) << "operation " << failing;
    EXPECT_THAT(list_in(*files.open_tree("/store").value(), "s1", nullptr).value(), IsEmpty());
    if (!struck) break;
    ASSERT_LT(failing, 100);
  }
}

TEST(RemoverOnADisk, DeletesWhileAReaderReadsOn) {
  const test::TemporaryDirectory directory;
  const config::Store store{"s1", directory.path(), 0};
  const SegmentRef segment{"s1", "a.main", kStart, false};
  ASSERT_TRUE(write_marker(*posix_file_system().open_tree(store.path).value(), store));
  const fs::path path = directory.path() / segment_path(segment);
  fs::create_directories(path.parent_path());
  std::ofstream(path) << "0123456789";
  const auto tree = posix_file_system().open_tree(store.path).value();
  const auto playing = tree->open(segment_path(segment), false).value();
  const auto results = Remover({store}).remove("s1", {segment});
  ASSERT_TRUE(results.at(0)) << results.at(0).error().message;
  EXPECT_FALSE(fs::exists(path.parent_path()));
  EXPECT_TRUE(fs::exists(path.parent_path().parent_path()));
  std::array<uint8_t, 4> bytes{};
  EXPECT_EQ(playing->read(6, bytes).value(), 4U);
  EXPECT_EQ(Reader({store}).read(segment, 0, 4).error().kind, ErrorKind::not_found);
}

}  // namespace
}  // namespace mj::storage
