#include "storage/inspect.h"

#include <gmock/gmock.h>

#include <random>

#include "storage/boxes.h"
#include "storage/segment_writer.h"
#include "tests/storage/fake_file_system.h"
#include "tests/storage/footage.h"
#include "tests/storage/memory_file.h"

namespace mj::storage {
namespace {

using namespace std::chrono_literals;

class InspectTest : public testing::Test {
 protected:
  /// A segment of three fragments with audio, in bytes.
  Bytes segment_bytes(int fragments = 3) {
    std::unique_ptr<SegmentWriter> writer = open();
    for (int i = 0; i < fragments; ++i) {
      EXPECT_TRUE(writer->append(
          make_fragment(run_, kStart + i * 1s, {.key = i != 1, .payload = 500, .audio = true})));
      EXPECT_TRUE(writer->sync());
    }
    return take(*writer);
  }

  Bytes segment_bytes_without_prft() {
    run_ = make_run("b.main", kStart);
    auto writer = open();
    auto fragment = make_fragment(run_, kStart);
    constexpr std::ptrdiff_t kPrft = 32;
    fragment.bytes = std::make_shared<const Bytes>(fragment.bytes->begin() + kPrft, fragment.bytes->end());
    fragment.decode_times[0].offset -= kPrft;
    EXPECT_TRUE(writer->append(fragment));
    EXPECT_TRUE(writer->sync());
    return take(*writer);
  }

  std::unique_ptr<SegmentWriter> open() {
    EXPECT_TRUE(tree_->make_directory(run_->stream));
    EXPECT_TRUE(tree_->make_directory(run_->stream + "/20261121"));
    segment_ = {"s1", run_->stream, kStart, true};
    return SegmentWriter::create(tree_, segment_, run_, {}).value();
  }

  Bytes take(SegmentWriter& writer) {
    closed_ = writer.finish().value();
    segment_ = closed_.segment;
    return read_whole(*tree_->open(day() + "/1795225512345678.mp4", false).value(), 1 << 30).value();
  }

  std::string day() const { return run_->stream + "/20261121"; }

  Result<FoundSegment> inspect_bytes(Bytes bytes) {
    return inspect_file(MemoryFile(std::move(bytes)), segment_, false);
  }

  FakeFileSystem files_;
  std::shared_ptr<Tree> tree_ = files_.open_tree("/store").value();
  std::shared_ptr<const capture::Run> run_ = make_run("a.main", kStart, true);
  SegmentRef segment_;
  SegmentClosed closed_;
};

TEST_F(InspectTest, ATornEndNeverCostsAWholeFragmentAndNeverKeepsAHalfOne) {
  const Bytes whole = segment_bytes();
  const auto& places = closed_.fragments;
  for (std::size_t bytes = places[1].offset; bytes <= whole.size(); ++bytes) {
    const FoundSegment found =
        inspect_bytes(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(bytes))).value();
    std::size_t expected = 0;
    uint64_t end = found.header_bytes;
    for (const FragmentPlace& place : places) {
      if (place.offset + place.video_bytes > bytes) break;
      ++expected;
      // Audio that was cut is dropped, the picture before it is not.
      end = place.offset + (place.offset + place.bytes <= bytes ? place.bytes : place.video_bytes);
    }
    ASSERT_EQ(found.fragments.size(), expected) << bytes;
    ASSERT_EQ(found.bytes, end) << bytes;
  }
}

TEST_F(InspectTest, ATornHeadIsCorrupt) {
  const Bytes whole = segment_bytes(1);
  const auto head = static_cast<std::ptrdiff_t>(closed_.fragments[0].offset);
  for (std::ptrdiff_t bytes = 0; bytes < head; ++bytes) {
    const auto found = inspect_bytes(Bytes(whole.begin(), whole.begin() + bytes));
    ASSERT_FALSE(found) << bytes;
    ASSERT_EQ(found.error().kind, ErrorKind::corrupt) << bytes;
  }
}

TEST_F(InspectTest, ATailOfZerosIsNotFootage) {
  Bytes bytes = segment_bytes();
  const std::size_t whole = bytes.size();
  bytes.resize(whole + 100'000);
  const FoundSegment found = inspect_bytes(bytes).value();
  EXPECT_EQ(found.bytes, whole);
  EXPECT_EQ(found.file_bytes, bytes.size());
  EXPECT_EQ(found.fragments.size(), 3);
}

TEST_F(InspectTest, AFileUnderAnotherNameIsCorrupt) {
  const Bytes bytes = segment_bytes();
  segment_.start += 1us;
  EXPECT_EQ(inspect_bytes(bytes).error().kind, ErrorKind::corrupt);
  segment_.start -= 1us;
  segment_.stream = "b.main";
  EXPECT_EQ(inspect_bytes(bytes).error().kind, ErrorKind::corrupt);
}

TEST_F(InspectTest, WithoutItsWallTimeAFragmentIsCountedFromTheSegment) {
  Bytes bytes = segment_bytes();
  for (const FragmentPlace& place : closed_.fragments) {
    put_number(std::span(bytes).subspan(place.offset + 4, 4), box_type("prft") + 1);
  }
  EXPECT_TRUE(inspect_bytes(bytes)->fragments.empty());  // an unknown box is not ours
  bytes = segment_bytes_without_prft();
  const FoundSegment found = inspect_bytes(bytes).value();
  ASSERT_EQ(found.fragments.size(), 1);
  EXPECT_EQ(found.fragments[0].start, kStart);
  EXPECT_EQ(found.fragments[0].end, kStart + 1s);
}

TEST_F(InspectTest, AScreensShotsRunParallelToItsFragments) {
  run_ = make_run("desk.screen", kStart);
  auto writer = open();
  const std::string facts =
      R"({"title":"办件","program":"chromium","user":"li","idle_ms":1200,"agent_time_us":5})";
  ASSERT_TRUE(writer->append(make_fragment(run_, kStart, {.length = 5s})));
  ASSERT_TRUE(writer->append(make_fragment(run_, kStart + 5s, {.length = 5s, .key = false, .shot = facts})));
  ASSERT_TRUE(writer->sync());
  const FoundSegment found = inspect_bytes(take(*writer)).value();
  ASSERT_EQ(found.fragments.size(), 2);
  ASSERT_EQ(found.shots.size(), 2);
  EXPECT_EQ(found.shots[0].title, "");
  EXPECT_EQ(found.shots[1].title, "办件");
  EXPECT_EQ(found.shots[1].idle_ms, 1200);
}

TEST_F(InspectTest, WallTimesSurviveTheNtpRollover) {
  const WallTime start = from_us(2'085'978'497'000'000);  // one second into the next NTP era, 2036
  run_ = make_run("a.main", start);
  segment_ = {"s1", "a.main", start, true};
  ASSERT_TRUE(tree_->make_directory("a.main"));
  ASSERT_TRUE(tree_->make_directory("a.main/20360207"));
  auto writer = SegmentWriter::create(tree_, segment_, run_, {}).value();
  ASSERT_TRUE(writer->append(make_fragment(run_, start)));
  ASSERT_TRUE(writer->sync());
  const auto file = tree_->open("a.main/20360207/2085978497000000.mp4.part", false).value();
  EXPECT_EQ(inspect_file(*file, segment_, false)->fragments.at(0).start, start);
}

TEST_F(InspectTest, SurvivesTenThousandMutations) {
  const Bytes whole = segment_bytes();
  std::mt19937 random(20261121);
  for (int round = 0; round < 10'000; ++round) {
    Bytes bytes = whole;
    for (uint32_t flips = 1 + random() % 8; flips > 0; --flips) {
      const std::size_t at = random() % bytes.size();
      static constexpr uint8_t kNasty[] = {0x00, 0x01, 0x7F, 0x80, 0xFF};
      bytes[at] = random() % 2 == 0 ? static_cast<uint8_t>(random()) : kNasty[random() % 5];
    }
    if (random() % 4 == 0) bytes.resize(random() % bytes.size());
    const auto found = inspect_bytes(std::move(bytes));
    if (!found) continue;
    ASSERT_LE(found->bytes, found->file_bytes);
    uint64_t at = found->header_bytes;
    for (const FragmentPlace& place : found->fragments) {
      ASSERT_EQ(place.offset, at);
      ASSERT_LE(place.video_bytes, place.bytes);
      ASSERT_LE(place.key_bytes, place.video_bytes);
      at += place.bytes;
    }
    ASSERT_EQ(at, found->bytes);
  }
}

}  // namespace
}  // namespace mj::storage
