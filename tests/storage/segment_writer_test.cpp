#include "storage/segment_writer.h"

#include <gmock/gmock.h>

#include "storage/inspect.h"
#include "storage/layout.h"
#include "tests/storage/fake_file_system.h"
#include "tests/storage/footage.h"

namespace mj::storage {
namespace {

using namespace std::chrono_literals;

class SegmentWriterTest : public testing::Test {
 protected:
  SegmentWriterTest() : tree_(files_.open_tree("/store").value()) {
    EXPECT_TRUE(tree_->make_directory("a.main"));
    EXPECT_TRUE(tree_->make_directory("a.main/20261121"));
    EXPECT_TRUE(tree_->sync_directory("."));
    EXPECT_TRUE(tree_->sync_directory("a.main"));
  }

  std::unique_ptr<SegmentWriter> open(WallTime start, const Digest& previous = {}) {
    return SegmentWriter::create(tree_, {"s1", "a.main", start, true}, run_, previous).value();
  }

  Bytes bytes_of(const SegmentRef& segment) {
    return read_whole(*tree_->open(segment_path(segment), false).value(), 1 << 30).value();
  }

  FakeFileSystem files_;
  std::shared_ptr<Tree> tree_;
  std::shared_ptr<const capture::Run> run_ = make_run("a.main", kStart, true);
};

TEST_F(SegmentWriterTest, DecodeTimesStartAtZeroInEachFile) {
  const WallTime start = kStart + 60s;
  auto writer = open(start);
  const auto first = make_fragment(run_, start, {.audio = true});
  const auto second = make_fragment(run_, start + 1s, {.audio = true});
  ASSERT_TRUE(writer->append(first));
  ASSERT_TRUE(writer->append(second));
  ASSERT_TRUE(writer->sync());
  const SegmentClosed closed = writer->finish().value();
  const Bytes file = bytes_of(closed.segment);
  Bytes expected(file.begin(), file.begin() + writer->header_bytes());
  for (const auto& fragment : {first, second}) {
    const Bytes written = as_written(fragment, start);
    expected.insert(expected.end(), written.begin(), written.end());
  }
  EXPECT_EQ(file, expected);
  const BytesView slot =
      BytesView(file).subspan(closed.fragments[0].offset + first.decode_times[0].offset, 8);
  EXPECT_THAT(slot, testing::Each(0));
}

TEST_F(SegmentWriterTest, LeavesTheSharedPayloadAlone) {
  auto writer = open(kStart + 60s);
  const auto fragment = make_fragment(run_, kStart + 60s);
  const Bytes before = *fragment.bytes;
  ASSERT_TRUE(writer->append(fragment));
  EXPECT_EQ(*fragment.bytes, before);
}

TEST_F(SegmentWriterTest, AudioAheadOfThePictureBeginsAtZero) {
  auto writer = open(kStart + 60s);
  auto fragment = make_fragment(run_, kStart + 60s, {.audio = true});
  fragment.decode_times[1].ticks -= 80;  // 10 ms
  ASSERT_TRUE(writer->append(fragment));
  ASSERT_TRUE(writer->sync());
  const Bytes file = bytes_of(writer->segment());
  const BytesView slot = BytesView(file).subspan(writer->header_bytes() + fragment.decode_times[1].offset, 8);
  EXPECT_THAT(slot, testing::Each(0));
}

TEST_F(SegmentWriterTest, TheHashIsThatOfTheFile) {
  files_.set_max_write(97);  // many short writes
  Digest previous;
  previous.fill(7);
  auto writer = open(kStart, previous);
  for (int i = 0; i < 5; ++i)
    ASSERT_TRUE(writer->append(make_fragment(run_, kStart + i * 1s, {.audio = i % 2 == 0})));
  ASSERT_EQ(writer->sync().value().size(), 5);
  const SegmentClosed closed = writer->finish().value();
  EXPECT_FALSE(closed.segment.open);
  EXPECT_FALSE(closed.suspect);
  EXPECT_EQ(closed.previous, previous);
  EXPECT_EQ(closed.end, kStart + 5s);
  const Bytes file = bytes_of(closed.segment);
  EXPECT_EQ(closed.bytes, file.size());
  Sha256 sha;
  sha.update(file);
  EXPECT_EQ(closed.sha256, sha.digest());
}

TEST_F(SegmentWriterTest, FilesAloneTellWhatWasWritten) {
  auto writer = open(kStart + 60s);
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(
        writer->append(make_fragment(run_, kStart + 60s + i * 1s, {.key = i % 2 == 0, .audio = true})));
  }
  const auto durable = writer->sync().value();
  const SegmentClosed closed = writer->finish().value();
  const auto file = tree_->open(segment_path(closed.segment), false).value();
  const FoundSegment found = inspect_file(*file, closed.segment, true).value();
  EXPECT_EQ(found.segment, closed.segment);
  EXPECT_EQ(found.end, closed.end);
  EXPECT_EQ(found.bytes, closed.bytes);
  EXPECT_EQ(found.file_bytes, closed.bytes);
  EXPECT_EQ(found.sha256, closed.sha256);
  EXPECT_EQ(found.previous, closed.previous);
  EXPECT_EQ(found.header_bytes, writer->header_bytes());
  EXPECT_EQ(found.run->start, run_->start);
  EXPECT_EQ(found.run->mime, run_->mime);
  EXPECT_EQ(found.run->init, run_->init);
  EXPECT_EQ(found.run->video_init, run_->video_init);
  EXPECT_EQ(found.run->audio, run_->audio);
  EXPECT_EQ(found.run->time_error, run_->time_error);
  ASSERT_EQ(found.fragments.size(), closed.fragments.size());
  for (std::size_t i = 0; i < found.fragments.size(); ++i) {
    const FragmentPlace &a = found.fragments[i], &b = closed.fragments[i];
    EXPECT_EQ(a.start, b.start);
    EXPECT_EQ(a.end, b.end);
    EXPECT_EQ(a.offset, b.offset);
    EXPECT_EQ(a.bytes, b.bytes);
    EXPECT_EQ(a.video_bytes, b.video_bytes);
    EXPECT_EQ(a.key_bytes, b.key_bytes);
    EXPECT_EQ(durable[i].place.offset, b.offset);
  }
  EXPECT_TRUE(found.shots.empty());
}

TEST_F(SegmentWriterTest, RefusesFragmentsWhosePartsDoNotFit) {
  auto writer = open(kStart);
  auto fragment = make_fragment(run_, kStart, {.audio = true});
  auto beyond = fragment;
  beyond.decode_times[1].offset = static_cast<uint32_t>(fragment.bytes->size() - 7);
  EXPECT_EQ(writer->append(beyond).error().kind, ErrorKind::invalid);
  auto disordered = fragment;
  std::swap(disordered.decode_times[0], disordered.decode_times[1]);
  EXPECT_EQ(writer->append(disordered).error().kind, ErrorKind::invalid);
  auto timeless = fragment;
  timeless.decode_times[0].timescale = 0;
  EXPECT_EQ(writer->append(timeless).error().kind, ErrorKind::invalid);
  EXPECT_TRUE(writer->append(fragment));
}

TEST_F(SegmentWriterTest, NeverReplacesAFile) {
  open(kStart);
  const auto second = SegmentWriter::create(tree_, {"s1", "a.main", kStart, true}, run_, {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::invalid);
}

TEST_F(SegmentWriterTest, SyncMakesTheNameDurableToo) {
  auto writer = open(kStart);
  ASSERT_TRUE(writer->append(make_fragment(run_, kStart)));
  ASSERT_TRUE(writer->sync());
  const SegmentRef segment = writer->segment();
  files_.power_cut();
  tree_ = files_.open_tree("/store").value();
  EXPECT_FALSE(bytes_of(segment).empty());
}

TEST_F(SegmentWriterTest, AFailedSyncIsNotTriedAgain) {
  auto writer = open(kStart);
  ASSERT_TRUE(writer->append(make_fragment(run_, kStart)));
  ASSERT_TRUE(writer->sync());
  ASSERT_TRUE(writer->append(make_fragment(run_, kStart + 1s)));
  files_.fail_at(1);
  ASSERT_FALSE(writer->sync());
  files_.heal();
  const SegmentClosed closed = writer->abandon();
  EXPECT_TRUE(closed.suspect);
  EXPECT_FALSE(closed.segment.open);
  ASSERT_EQ(closed.fragments.size(), 1);
  EXPECT_EQ(closed.end, kStart + 1s);
  const auto file = tree_->open(segment_path(closed.segment), false).value();
  const FoundSegment found = inspect_file(*file, closed.segment, true).value();
  EXPECT_EQ(found.file_bytes, closed.bytes);
  EXPECT_EQ(found.sha256, closed.sha256);
}

TEST_F(SegmentWriterTest, AbandonedWithNothingDurableLeavesNoFile) {
  auto writer = open(kStart);
  ASSERT_TRUE(writer->append(make_fragment(run_, kStart)));
  const SegmentClosed closed = writer->abandon();
  EXPECT_TRUE(closed.fragments.empty());
  EXPECT_TRUE(tree_->list("a.main/20261121").value().empty());
}

}  // namespace
}  // namespace mj::storage
