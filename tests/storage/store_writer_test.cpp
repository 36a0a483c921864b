#include "storage/store_writer.h"

#include <gmock/gmock.h>

#include "storage/inspect.h"
#include "storage/layout.h"
#include "tests/storage/fake_file_system.h"
#include "tests/storage/footage.h"

namespace mj::storage {
namespace {

using namespace std::chrono_literals;

class StoreWriterTest : public testing::Test {
 protected:
  StoreWriterTest() {
    rules_.segment_duration = 4s;
    rules_.sync_interval = 500ms;
    tail_.key = "a.main";
    screen_.key = "desk.screen";
  }

  StoreWriter& writer() {
    if (!writer_) {
      writer_.emplace(config::Store{"s1", "/store", 1 << 20}, rules_, files_, clock_, memory_);
      writer_->tick();
    }
    return *writer_;
  }

  void append(WallTime start, const FragmentShape& shape = {}) {
    writer().append(tail_, make_fragment(run_, start, shape));
  }

  void pass(Duration by) {
    clock_.advance(by);
    writer().tick();
  }

  std::vector<Duration> segment_starts() {
    std::vector<Duration> starts;
    for (const SegmentClosed& closed : memory_.all<SegmentClosed>())
      starts.push_back(closed.segment.start - kStart);
    return starts;
  }

  FakeFileSystem files_;
  FakeClock clock_;
  Memory memory_;
  config::Storage rules_;
  StreamTail tail_, screen_;
  std::shared_ptr<const capture::Run> run_ = make_run("a.main", kStart);
  std::optional<StoreWriter> writer_;
};

TEST_F(StoreWriterTest, AcknowledgesOnlyAfterTheGroupSync) {
  append(kStart);
  append(kStart + 1s);
  EXPECT_EQ(memory_.story(), "");
  pass(499ms);
  EXPECT_EQ(memory_.story(), "");
  pass(1ms);
  EXPECT_EQ(memory_.story(), "odd");
  const auto opened = memory_.all<SegmentOpened>().front();
  EXPECT_TRUE(opened.segment.open);
  EXPECT_EQ(opened.run, run_);
  EXPECT_EQ(memory_.all<FragmentDurable>().front().place.offset, opened.header_bytes);
}

TEST_F(StoreWriterTest, RotatesAtTheFirstKeyFragmentAfterTheSegmentsDuration) {
  for (int i = 0; i < 10; ++i) append(kStart + i * 1s, {.key = i % 3 == 0});
  writer().close_all(SteadyTime::max());
  EXPECT_THAT(segment_starts(), testing::ElementsAre(0s, 6s));
}

TEST_F(StoreWriterTest, RotatesAtTwiceTheDurationEvenWithoutAKey) {
  for (int i = 0; i < 10; ++i) append(kStart + i * 1s, {.key = i == 0});
  writer().close_all(SteadyTime::max());
  EXPECT_THAT(segment_starts(), testing::ElementsAre(0s, 8s));
}

TEST_F(StoreWriterTest, ANewRunStartsANewSegmentWithItsHead) {
  append(kStart);
  run_ = make_run("a.main", kStart + 1s, true);
  append(kStart + 1s, {.audio = true});
  writer().close_all(SteadyTime::max());
  EXPECT_EQ(memory_.story(), "odcodc");
  EXPECT_EQ(memory_.all<SegmentOpened>()[1].run, run_);
}

TEST_F(StoreWriterTest, ChainsEachSegmentToTheOneBefore) {
  tail_.previous.fill(9);
  for (int i = 0; i < 12; ++i) append(kStart + i * 1s);
  writer().close_all(SteadyTime::max());
  const auto closed = memory_.all<SegmentClosed>();
  ASSERT_EQ(closed.size(), 3);
  Digest before;
  before.fill(9);
  for (const SegmentClosed& one : closed) {
    EXPECT_EQ(one.previous, before);
    before = one.sha256;
  }
}

TEST_F(StoreWriterTest, AHoleEndsTheSegmentAndIsToldAsAGap) {
  append(kStart);
  append(kStart + 1s + 100ms, {.key = false});  // tolerated
  append(kStart + 3s, {.key = false});
  writer().close_all(SteadyTime::max());
  EXPECT_EQ(memory_.story(), "oddc!odc");
  const auto outage = memory_.all<capture::Outage>().front();
  EXPECT_EQ(outage.cause, GapCause::stalled);
  EXPECT_EQ(outage.begin, kStart + 2s + 100ms);
  EXPECT_EQ(memory_.all<SegmentClosed>()[0].end, outage.begin);
}

TEST_F(StoreWriterTest, AShotMayBeACadenceLate) {
  const auto run = make_run("desk.screen", kStart);
  const auto shot = [&](Duration at) {
    writer().append(screen_, make_fragment(run, kStart + at, {.length = 5s, .key = at == 0s}));
  };
  rules_.segment_duration = 60s;
  shot(0s);
  shot(14s);  // 9 s after the last one's end
  shot(30s);  // 11 s after
  writer().close_all(SteadyTime::max());
  EXPECT_EQ(memory_.story(), "oddc!odc");
}

TEST_F(StoreWriterTest, AShotTakenEarlyStaysInItsSegmentAndOnlyAKeyShotBeginsANewOne) {
  const auto run = make_run("desk.screen", kStart);
  const auto shot = [&](Duration at, bool key) {
    writer().append(screen_, make_fragment(run, kStart + at, {.length = 5s, .key = key}));
  };
  shot(0s, true);
  shot(1s, false);  // the window changed: the first shot stood for 1 s, not 5
  for (int i = 1; i < 6; ++i) shot(1s + i * 5s, false);
  shot(31s, true);
  writer().close_all(SteadyTime::max());
  EXPECT_THAT(segment_starts(), testing::ElementsAre(0s, 31s));
}

TEST_F(StoreWriterTest, AShotFromBeforeTheLastOneBeginsANewSegment) {
  const auto run = make_run("desk.screen", kStart - 60s);
  const auto shot = [&](Duration at) {
    writer().append(screen_, make_fragment(run, kStart + at, {.length = 5s}));
  };
  shot(0s);
  shot(-1s);
  writer().close_all(SteadyTime::max());
  EXPECT_THAT(segment_starts(), testing::ElementsAre(0s, -1s));
}

TEST_F(StoreWriterTest, AnOutageClosesTheSegmentBeforeItIsToldOn) {
  append(kStart);
  writer().outage(tail_, {"a.main", kStart + 1s, GapCause::camera_unreachable, "gone"});
  EXPECT_EQ(memory_.story(), "odc!");
  append(kStart + 9s);
  pass(500ms);
  EXPECT_EQ(memory_.story(), "odc!od");
}

TEST_F(StoreWriterTest, TellsARefusalOnlyIfNoGapIsOpen) {
  writer().outage(tail_, {"a.main", kStart, GapCause::camera_unreachable, ""});
  writer().refused(tail_, {"a.main", kStart + 1s, GapCause::overload, ""});
  EXPECT_EQ(memory_.story(), "!");
}

TEST_F(StoreWriterTest, AfterARefusalWaitsForAKey) {
  append(kStart);
  writer().refused(tail_, {"a.main", kStart + 1s, GapCause::overload, ""});
  append(kStart + 2s, {.key = false});
  append(kStart + 3s);
  writer().close_all(SteadyTime::max());
  EXPECT_EQ(memory_.story(), "odc!odc");
  EXPECT_EQ(memory_.all<FragmentDurable>()[1].place.start, kStart + 3s);
}

TEST_F(StoreWriterTest, AFailedSyncMakesTheSegmentSuspectAndGoesOnInANewFile) {
  append(kStart);
  pass(500ms);
  append(kStart + 1s);
  files_.fail_at(1);
  pass(500ms);
  files_.heal();
  append(kStart + 2s, {.key = false});  // cannot be decoded: what it refers to may be gone
  append(kStart + 3s);
  pass(500ms);
  EXPECT_EQ(memory_.story(), "odc!od");
  const auto suspect = memory_.all<SegmentClosed>().front();
  EXPECT_TRUE(suspect.suspect);
  EXPECT_EQ(suspect.end, kStart + 1s);
  EXPECT_EQ(suspect.fragments.size(), 1);
  const auto outage = memory_.all<capture::Outage>().front();
  EXPECT_EQ(outage.cause, GapCause::disk_error);
  EXPECT_EQ(outage.begin, kStart + 1s);
  EXPECT_TRUE(writer().writable());
}

TEST_F(StoreWriterTest, ASuspectSegmentWithNothingDurableIsNeverTold) {
  append(kStart);
  files_.fail_at(1);
  pass(500ms);
  EXPECT_EQ(memory_.story(), "!");
  EXPECT_EQ(memory_.all<capture::Outage>().front().begin, kStart);
}

TEST_F(StoreWriterTest, ThreeFailuresInARowAreABadDisk) {
  writer();
  files_.fail_at(1, ErrorKind::internal, true);
  append(kStart);
  EXPECT_FALSE(writer().writable());  // not even a new file
  EXPECT_THAT(writer().status().detail, testing::HasSubstr("tried again every 2 seconds"));
  files_.heal();
  append(kStart + 1s);
  EXPECT_EQ(memory_.story(), "!");
  pass(2s);
  EXPECT_TRUE(writer().writable());
  append(kStart + 3s);
  pass(500ms);
  EXPECT_EQ(memory_.story(), "!od");
}

TEST_F(StoreWriterTest, AFailedRenameLosesNothingAndKeepsTheOpenName) {
  append(kStart);
  pass(500ms);
  files_.fail_at(1, ErrorKind::internal, true);
  writer().outage(tail_, {"a.main", kStart + 1s, GapCause::stalled, ""});
  EXPECT_EQ(memory_.story(), "odc!");
  const auto closed = memory_.all<SegmentClosed>().front();
  EXPECT_TRUE(closed.suspect);
  EXPECT_TRUE(closed.segment.open);
  EXPECT_EQ(closed.fragments.size(), 1);
  EXPECT_EQ(memory_.all<capture::Outage>().size(), 1);
}

TEST_F(StoreWriterTest, AFullDiskKeepsEveryWholeFragment) {
  append(kStart);
  append(kStart + 1s);
  files_.fail_at(1, ErrorKind::no_space);
  append(kStart + 2s);
  EXPECT_EQ(memory_.story(), "oddc!");
  const auto closed = memory_.all<SegmentClosed>().front();
  EXPECT_FALSE(closed.suspect);
  const auto tree = files_.open_tree("/store").value();
  const auto file = tree->open(segment_path(closed.segment), false).value();
  EXPECT_EQ(file->facts()->bytes, closed.bytes);
  const auto outage = memory_.all<capture::Outage>().front();
  EXPECT_EQ(outage.cause, GapCause::no_space);
  EXPECT_EQ(outage.begin, kStart + 2s);
  EXPECT_FALSE(writer().writable());
  EXPECT_EQ(writer().cause(), GapCause::no_space);
}

TEST_F(StoreWriterTest, ASyncThatFindsNoSpaceFillsTheDiskToo) {
  append(kStart);
  files_.fail_at(1,
                 ErrorKind::no_space);  // delayed allocation: the write was taken, the blocks are not there
  pass(500ms);
  EXPECT_EQ(memory_.story(), "!");
  EXPECT_FALSE(writer().writable());
  EXPECT_EQ(writer().cause(), GapCause::no_space);
}

TEST_F(StoreWriterTest, StopsAtTheReserveAndResumesWellAboveIt) {
  append(kStart);
  files_.set_free((1 << 20) - 1);
  pass(2s);
  EXPECT_FALSE(writer().writable());
  EXPECT_EQ(memory_.story(), "odc");  // closed well; the gap begins with the first fragment that is not taken
  append(kStart + 1s);
  append(kStart + 2s);
  EXPECT_EQ(memory_.story(), "odc!");
  EXPECT_EQ(memory_.all<capture::Outage>().front().cause, GapCause::no_space);
  files_.set_free((1 << 20) + 1);
  pass(2s);
  EXPECT_FALSE(writer().writable());
  files_.set_free(1 << 30);
  pass(2s);
  EXPECT_TRUE(writer().writable());
  append(kStart + 9s);
  pass(500ms);
  EXPECT_EQ(memory_.story(), "odc!od");
}

TEST_F(StoreWriterTest, ADiskThatGoesAwayIsNotWrittenToAndComesBack) {
  append(kStart);
  pass(500ms);
  files_.set_swapped(true);
  files_.set_missing(true);
  pass(2s);
  EXPECT_FALSE(writer().writable());
  EXPECT_THAT(writer().status().detail, testing::HasSubstr("disk"));
  EXPECT_EQ(memory_.story(), "odc");
  files_.set_swapped(false);
  files_.set_missing(false);
  pass(2s);
  EXPECT_TRUE(writer().writable());
}

TEST_F(StoreWriterTest, AMalformedFragmentIsAGapAndNotABadDisk) {
  append(kStart);
  auto bad = make_fragment(run_, kStart + 1s);
  bad.decode_times[0].offset = 1'000'000;
  writer().append(tail_, bad);
  append(kStart + 2s);
  writer().close_all(SteadyTime::max());
  EXPECT_EQ(memory_.story(), "odc!odc");
  EXPECT_EQ(memory_.all<capture::Outage>().front().cause, GapCause::unsupported);
  EXPECT_FALSE(memory_.all<SegmentClosed>()[0].suspect);
}

TEST_F(StoreWriterTest, NeverOverwritesFootageOfTheSameInstant) {
  append(kStart);
  writer().close_all(SteadyTime::max());
  StreamTail again;
  again.key = "a.main";
  writer().append(again, make_fragment(run_, kStart));
  EXPECT_EQ(memory_.story(), "odc!");
  EXPECT_EQ(memory_.all<capture::Outage>().front().cause, GapCause::clock_step);
}

TEST_F(StoreWriterTest, NoTimeLeftLeavesAFileThatRecovers) {
  append(kStart);
  pass(500ms);
  writer().close_all(clock_.steady_now());
  EXPECT_EQ(memory_.story(), "od");
  const auto tree = files_.open_tree("/store").value();
  EXPECT_TRUE(recover_in(*tree, memory_.all<SegmentOpened>().front().segment));
}

TEST_F(StoreWriterTest, AfterALossAnAgentsEntriesWaitForTheOneThatWasLost) {
  const auto run = make_run("desk.screen", kStart);
  const auto entry = [&](uint64_t number, bool key) {
    capture::Fragment fragment = make_fragment(run, kStart + static_cast<int64_t>(number) * 1s, {.key = key});
    fragment.shot.emplace().entry.number = number;
    writer().append(screen_, fragment);
  };
  const auto durable = [&] {
    std::vector<uint64_t> numbers;
    for (const FragmentDurable& one : memory_.all<FragmentDurable>())
      numbers.push_back(one.shot->entry.number);
    return numbers;
  };
  entry(1, true);
  pass(500ms);
  entry(2, false);
  entry(3, false);
  files_.fail_at(1);
  pass(500ms);
  files_.heal();
  EXPECT_EQ(screen_.lost_from, 2U);
  entry(4, true);
  writer().outage(screen_, {"desk.screen", kStart + 5s, GapCause::screen_locked, "",
                            capture::EntryRef{"a", 5, {}, false, false}});
  pass(500ms);
  EXPECT_THAT(durable(), testing::ElementsAre(1)) << "nothing may be out of order";
  entry(2, true);
  EXPECT_EQ(screen_.lost_from, 0U);
  entry(3, false);
  pass(500ms);
  EXPECT_THAT(durable(), testing::ElementsAre(1, 2, 3));
  for (const capture::Outage& outage : memory_.all<capture::Outage>())
    EXPECT_EQ(outage.cause, GapCause::disk_error) << "what the agent said was lost with it";
}

TEST_F(StoreWriterTest, CarriesTheShotsFactsAlong) {
  const auto run = make_run("desk.screen", kStart);
  auto fragment = make_fragment(run, kStart, {.length = 5s});
  fragment.shot.emplace().title = "办件 2026-0001";
  writer().append(screen_, fragment);
  pass(500ms);
  ASSERT_TRUE(memory_.all<FragmentDurable>().front().shot);
  EXPECT_EQ(memory_.all<FragmentDurable>().front().shot->title, "办件 2026-0001");
}

/// Six cameras of one store, each with its own file.
class StoreGroupTest : public StoreWriterTest {
 protected:
  StoreGroupTest() : tails_(6) {
    for (std::size_t i = 0; i < tails_.size(); ++i) {
      tails_[i].key = fmt::format("{}.main", static_cast<char>('a' + i));
      runs_.push_back(make_run(tails_[i].key, kStart));
    }
  }

  void append_all(WallTime start) {
    for (std::size_t i = 0; i < tails_.size(); ++i)
      writer().append(tails_[i], make_fragment(runs_[i], start, {}));
  }

  std::vector<StreamTail> tails_;
  std::vector<std::shared_ptr<const capture::Run>> runs_;
};

TEST_F(StoreGroupTest, SyncsManyFilesByOneOperationAndAPowerCutTakesNoneOfThem) {
  append_all(kStart);
  files_.heal();  // counts operations from here
  pass(500ms);
  EXPECT_EQ(files_.operations(), 1);
  EXPECT_EQ(memory_.story(), "odododododod");
  files_.power_cut();
  const auto tree = files_.open_tree("/store").value();
  for (const SegmentOpened& opened : memory_.all<SegmentOpened>()) {
    const auto found = recover_in(*tree, opened.segment);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->fragments.size(), 1);
  }
}

TEST_F(StoreGroupTest, OnlyTheFileOfWhichTheDiskForgotSomethingIsSuspect) {
  append_all(kStart);
  pass(500ms);
  append_all(kStart + 1s);
  files_.fail_at(1);
  pass(500ms);
  ASSERT_TRUE(files_.struck());
  const auto closed = memory_.all<SegmentClosed>();
  ASSERT_EQ(closed.size(), 1);
  EXPECT_TRUE(closed.front().suspect);
  EXPECT_EQ(closed.front().fragments.size(), 1);
  ASSERT_EQ(memory_.all<capture::Outage>().size(), 1);
  EXPECT_EQ(memory_.all<capture::Outage>().front().begin, kStart + 1s);
  EXPECT_EQ(memory_.all<FragmentDurable>().size(), 11);
}

}  // namespace
}  // namespace mj::storage
