#include <gmock/gmock.h>

#include "storage/inspect.h"
#include "storage/layout.h"
#include "storage/store_writer.h"
#include "tests/storage/fake_file_system.h"
#include "tests/storage/footage.h"

/// Every single operation of a recording fails in turn, then the power goes. Whatever was acknowledged must
/// be there; whatever was not must be a gap that somebody was told of.
namespace mj::storage {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;

struct Fault {
  ErrorKind kind = ErrorKind::internal;
  bool from_then_on = false;
};

class Recording {
 public:
  Recording() {
    rules_.segment_duration = 3s;
    rules_.sync_interval = 500ms;
  }

  /// Two cameras, rotation, a new run, an outage, a stop.
  void run() {
    writer_.emplace(config::Store{"s1", "/store", 0}, rules_, files, clock_, memory);
    writer_->tick();
    auto run_a = make_run("a.main", kStart, true), run_b = make_run("b.main", kStart);
    for (int i = 0; i < 14; ++i) {
      if (i == 9) run_a = make_run("a.main", kStart + i * 1s);
      append(a_, make_fragment(run_a, kStart + i * 1s, {.key = i % 2 == 0 || i == 9, .audio = i < 9}));
      if (i == 5) writer_->outage(b_, {"b.main", kStart + 5s, GapCause::camera_unreachable, ""});
      if (i != 5 && i != 6) append(b_, make_fragment(run_b, kStart + i * 1s));
      clock_.advance(700ms);
      writer_->tick();
    }
    writer_->close_all(SteadyTime::max());
    writer_.reset();
  }

  FakeFileSystem files;
  Memory memory;
  Witness witness;

 private:
  void append(StreamTail& tail, const capture::Fragment& fragment) {
    tail.key = fragment.run->stream;
    witness.handed_in(fragment);
    writer_->append(tail, fragment);
  }

  FakeClock clock_;
  config::Storage rules_;
  StreamTail a_, b_;
  std::optional<StoreWriter> writer_;
};

/// The chain of a stream's segments, as found; a suspect segment's follower names its durable part.
void expect_whole_after_recovery(FakeFileSystem& files, const Memory& memory) {
  const auto tree = files.open_tree("/store").value();
  std::vector<std::string> strangers;
  const auto segments = list_in(*tree, "s1", &strangers).value();
  EXPECT_THAT(strangers, IsEmpty());
  for (const SegmentRef& segment : segments) {
    if (segment.open) static_cast<void>(recover_in(*tree, segment));
  }
  const auto found_files = list_in(*tree, "s1", nullptr).value();
  for (const SegmentRef& segment : found_files) {
    EXPECT_FALSE(segment.open);
    const auto file = tree->open(segment_path(segment), false).value();
    const auto found = inspect_file(*file, segment, false);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->bytes, found->file_bytes);
  }
  for (const SegmentClosed& closed : memory.all<SegmentClosed>()) {
    if (closed.suspect) continue;
    SegmentRef final_name = closed.segment;
    final_name.open = false;
    const auto file = tree->open(segment_path(final_name), false);
    ASSERT_TRUE(file) << segment_path(final_name);
    EXPECT_EQ(inspect_file(**file, final_name, true)->sha256, closed.sha256);
  }
}

void expect_no_silent_loss(Fault fault, uint32_t cut_seed) {
  int failing = 0;
  bool struck = true;
  while (struck) {
    SCOPED_TRACE(fmt::format("operation {} fails, cut {}", ++failing, cut_seed));
    Recording recording;
    recording.files.fail_at(failing, fault.kind, fault.from_then_on);
    recording.run();
    struck = recording.files.struck();
    recording.files.heal();
    EXPECT_THAT(recording.witness.silent(recording.memory), IsEmpty());
    recording.files.power_cut(cut_seed);
    const auto tree = recording.files.open_tree("/store").value();
    ASSERT_THAT(recording.witness.missing(*tree, recording.memory), IsEmpty());
    expect_whole_after_recovery(recording.files, recording.memory);
    ASSERT_THAT(recording.witness.missing(*tree, recording.memory), IsEmpty());
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(failing, 100);  // the recording has that many operations at least
}

TEST(Faults, NoSilentLossWhenAnyOneOperationFails) {
  expect_no_silent_loss({ErrorKind::internal, false}, 0);
}
TEST(Faults, NoSilentLossWhenTheDiskBreaksForGood) {
  expect_no_silent_loss({ErrorKind::internal, true}, 0);
}
TEST(Faults, NoSilentLossWhenTheDiskFillsUp) {
  expect_no_silent_loss({ErrorKind::no_space, true}, 0);
}
TEST(Faults, NoSilentLossWhenOneWriteFindsNoSpace) {
  expect_no_silent_loss({ErrorKind::no_space, false}, 0);
}

TEST(Faults, NoSilentLossWhenTheCutKeepsARandomPart) {
  for (uint32_t seed = 1; seed <= 3; ++seed) expect_no_silent_loss({ErrorKind::internal, false}, seed);
}

TEST(Faults, PowerCutAfterAnyOperationLosesNothingAcknowledged) {
  bool cut = true;
  for (int at = 1; cut; ++at) {
    SCOPED_TRACE(fmt::format("cut at operation {}", at));
    Recording recording;
    // From the cut on the disk says no to everything, which is all that a dead process could have done.
    recording.files.fail_at(at, ErrorKind::internal, true);
    recording.run();
    cut = recording.files.struck();
    recording.files.heal();
    recording.files.power_cut(static_cast<uint32_t>(at));
    const auto tree = recording.files.open_tree("/store").value();
    ASSERT_THAT(recording.witness.missing(*tree, recording.memory), IsEmpty());
  }
}

TEST(Faults, RecoveryCutAtAnyOperationCanBeDoneAgain) {
  bool cut = true;
  for (int at = 1; cut; ++at) {
    SCOPED_TRACE(fmt::format("cut at operation {} of the recovery", at));
    FakeFileSystem files;
    auto tree = files.open_tree("/store").value();
    ASSERT_TRUE(tree->make_directory("a.main"));
    ASSERT_TRUE(tree->make_directory("a.main/20261121"));
    ASSERT_TRUE(tree->sync_directory("."));
    ASSERT_TRUE(tree->sync_directory("a.main"));
    const auto run = make_run("a.main", kStart);
    const SegmentRef segment{"s1", "a.main", kStart, true};
    auto writer = SegmentWriter::create(tree, segment, run, {}).value();
    const auto fragment = make_fragment(run, kStart);
    ASSERT_TRUE(writer->append(fragment));
    ASSERT_TRUE(writer->sync());
    ASSERT_TRUE(writer->append(make_fragment(run, kStart + 1s)));
    files.kill();
    tree = files.open_tree("/store").value();
    files.fail_at(at, ErrorKind::internal, true);
    const auto first = recover_in(*tree, segment);
    cut = files.struck();
    EXPECT_EQ(first.has_value(), !cut);
    files.heal();
    files.power_cut(static_cast<uint32_t>(at) + 1000);
    tree = files.open_tree("/store").value();
    const auto left = list_in(*tree, "s1", nullptr).value();
    ASSERT_EQ(left.size(), 1);
    if (left[0].open) ASSERT_TRUE(recover_in(*tree, left[0]));
    const auto file = tree->open(segment_path(segment, false), false).value();
    const auto found = inspect_file(*file, {"s1", "a.main", kStart, false}, false).value();
    EXPECT_GE(found.fragments.size(), 1);
    EXPECT_EQ(found.bytes, found.file_bytes);
  }
}

}  // namespace
}  // namespace mj::storage
