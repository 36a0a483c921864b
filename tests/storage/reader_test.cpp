#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "storage/layout.h"
#include "tests/storage/footage.h"
#include "tests/support/temporary_directory.h"

namespace mj::storage {
namespace {

namespace fs = std::filesystem;

class ReaderTest : public testing::Test {
 protected:
  fs::path put(const SegmentRef& segment, const std::string& text) {
    const fs::path path = directory_.path() / segment_path(segment);
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path;
  }

  std::string read(const SegmentRef& segment, uint64_t offset, uint32_t bytes) {
    const auto got = reader_.read(segment, offset, bytes);
    return got ? std::string(as_text(*got)) : name(got.error().kind);
  }

  test::TemporaryDirectory directory_;
  Reader reader_{{config::Store{"s1", directory_.path(), 0}}};
  SegmentRef closed_{"s1", "a.main", kStart, false};
  SegmentRef open_{"s1", "a.main", kStart, true};
};

TEST_F(ReaderTest, ReadsRangesAndStopsAtTheEnd) {
  put(closed_, "0123456789");
  EXPECT_EQ(read(closed_, 0, 4), "0123");
  EXPECT_EQ(read(closed_, 8, 100), "89");
  EXPECT_EQ(read(closed_, 10, 1), "");
  EXPECT_EQ(read(closed_, UINT64_MAX, UINT32_MAX), "");
  EXPECT_EQ(read(closed_, 0, UINT32_MAX), "0123456789");
}

TEST_F(ReaderTest, AGrowingFileIsReadAsFarAsItGoes) {
  const fs::path path = put(open_, "01");
  EXPECT_EQ(read(open_, 0, 10), "01");
  std::ofstream(path, std::ios::app) << "23";
  EXPECT_EQ(read(open_, 0, 10), "0123");
}

TEST_F(ReaderTest, FindsASegmentThatWasClosedSince) {
  const fs::path path = put(open_, "0123");
  EXPECT_EQ(read(open_, 0, 10), "0123");
  fs::rename(path, directory_.path() / segment_path(closed_));
  EXPECT_EQ(read(open_, 0, 10), "0123");
  EXPECT_EQ(Reader({config::Store{"s1", directory_.path(), 0}}).read(open_, 0, 10)->size(), 4);
}

TEST_F(ReaderTest, FindsASegmentWhoseLastRenameFailed) {
  put(open_, "0123");
  EXPECT_EQ(read(closed_, 0, 10), "0123");
}

TEST_F(ReaderTest, ADeletedSegmentIsNotServedFromADescriptor) {
  const fs::path path = put(closed_, "0123");
  EXPECT_EQ(read(closed_, 0, 10), "0123");
  fs::remove(path);
  EXPECT_EQ(read(closed_, 0, 10), "not_found");
}

TEST_F(ReaderTest, LeavesTheStoreByNoPath) {
  EXPECT_EQ(read({"s2", "a.main", kStart, false}, 0, 1), "not_found");
  EXPECT_EQ(read({"s1", "../etc", kStart, false}, 0, 1), "not_found");
  put(closed_, "0123");
  fs::create_directory_symlink(directory_.path() / "a.main", directory_.path() / "b.main");
  EXPECT_EQ(read({"s1", "b.main", kStart, false}, 0, 1), "denied");
}

TEST_F(ReaderTest, KeepsABoundedNumberOfDescriptors) {
  const auto descriptors = [] {
    return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator{});
  };
  const auto before = descriptors();
  SegmentRef segment = closed_;
  for (int i = 0; i < 300; ++i) {
    segment.start += std::chrono::minutes(1);
    put(segment, std::to_string(i));
    EXPECT_EQ(read(segment, 0, 10), std::to_string(i));
  }
  EXPECT_LE(descriptors(), before + 130);
}

}  // namespace
}  // namespace mj::storage
