#include <gmock/gmock.h>

#include <set>

#include "storage/inspect.h"
#include "storage/layout.h"
#include "storage/placement.h"
#include "tests/storage/fake_file_system.h"
#include "tests/storage/footage.h"

namespace mj::storage {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// Real threads, fake disks: each store has one of its own.
class Disks final : public FileSystem {
 public:
  Result<std::shared_ptr<Tree>> open_tree(const std::filesystem::path& root) override {
    return disk(root.string()).open_tree(root);
  }
  FakeFileSystem& disk(const std::string& root) {
    const std::lock_guard lock(mutex_);
    return disks_[root];
  }

 private:
  std::mutex mutex_;
  std::map<std::string, FakeFileSystem> disks_;
};

/// Goes on by itself, and when told.
class HurriedClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return system_.now() + Duration{ahead_us_.load()}; }
  [[nodiscard]] SteadyTime steady_now() const override {
    return system_.steady_now() + Duration{ahead_us_.load()};
  }
  void advance(Duration duration) { ahead_us_ += duration.count(); }

 private:
  SystemClock system_;
  std::atomic<int64_t> ahead_us_ = 0;
};

class RecorderTest : public testing::Test {
 protected:
  void start(std::vector<std::string> roots, std::vector<std::pair<StreamKey, Digest>> digests = {}) {
    config::Settings settings;
    settings.storage.segment_duration = segment_duration_;
    settings.storage.sync_interval = 20ms;
    for (const std::string& root : roots) settings.stores.push_back({root.substr(1), root, 0});
    recorder_.emplace(settings, clock_, memory_, disks_);
    recorder_->start(std::move(digests));
  }

  bool hand_in(WallTime start, const FragmentShape& shape = {}) {
    return recorder_->on_fragment(make_fragment(run_, start, shape));
  }

  bool saw(const std::function<bool(const std::string&)>& story) {
    return memory_.wait_for([&](const auto& events) {
      std::string text;
      for (const auto& event : events) text += "odc!"[event.index()];
      return story(text);
    });
  }

  static bool eventually(const std::function<bool()>& what) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!what()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }

  Duration segment_duration_ = 3s;
  HurriedClock clock_;
  Memory memory_;
  Disks disks_;
  std::shared_ptr<const capture::Run> run_ = make_run("a.main", kStart);
  std::optional<Recorder> recorder_;
};

TEST_F(RecorderTest, AcknowledgesWithoutBeingAsked) {
  start({"/s1"});
  EXPECT_TRUE(hand_in(kStart));
  EXPECT_TRUE(saw([](const std::string& story) { return story == "od"; }));
  EXPECT_TRUE(recorder_->status().at(0).writable);
}

TEST_F(RecorderTest, KeepsFragmentsAndOutagesInOrder) {
  start({"/s1"});
  ASSERT_TRUE(hand_in(kStart));
  ASSERT_TRUE(hand_in(kStart + 1s));
  recorder_->on_outage({"a.main", kStart + 2s, GapCause::camera_unreachable, ""});
  ASSERT_TRUE(hand_in(kStart + 5s));
  recorder_->stop();
  EXPECT_EQ(memory_.story(), "oddc!odc");
}

TEST_F(RecorderTest, FramesButNothingDurableIsAnAlarmAndAGap) {
  start({"/s1"});
  ASSERT_TRUE(hand_in(kStart));
  ASSERT_TRUE(saw([](const std::string& story) { return story == "od"; }));
  disks_.disk("/s1").hold_syncs(true);
  ASSERT_TRUE(hand_in(kStart + 1s));
  int waited = 0;
  ASSERT_TRUE(eventually([&] {
    if (!recorder_->status().at(0).writable) return true;
    clock_.advance(1s);
    ++waited;
    return false;
  }));
  EXPECT_GE(waited, 8);
  EXPECT_THAT(recorder_->status().at(0).detail, HasSubstr("nothing became durable for"));
  EXPECT_FALSE(hand_in(kStart + 2s));
  EXPECT_EQ(memory_.story(), "od!") << "told while the disk still hangs";
  EXPECT_EQ(memory_.all<capture::Outage>().at(0).begin, kStart + 2s);
  EXPECT_EQ(memory_.all<capture::Outage>().at(0).cause, GapCause::disk_error);
  disks_.disk("/s1").hold_syncs(false);
  ASSERT_TRUE(eventually([&] { return recorder_->status().at(0).writable; }));
  EXPECT_TRUE(hand_in(kStart + 3s)) << "and goes on by itself";
  recorder_->stop();
  EXPECT_EQ(memory_.story(), "od!dc!odc") << "and again in its place";
}

TEST_F(RecorderTest, WhatWaitsBehindADiskThatHangsIsToldOnceItIsKnownToHang) {
  start({"/s1"});
  const auto gone = make_run("gone.main", kStart);
  ASSERT_TRUE(hand_in(kStart));
  ASSERT_TRUE(recorder_->on_fragment(make_fragment(gone, kStart)));
  ASSERT_TRUE(memory_.wait_for([](const auto& events) { return events.size() == 4; }));
  disks_.disk("/s1").hold_syncs(true);
  ASSERT_TRUE(hand_in(kStart + 1s));
  recorder_->on_outage({"gone.main", kStart + 1s, GapCause::camera_unreachable, "refused"});
  EXPECT_TRUE(memory_.all<capture::Outage>().empty()) << "a slow disk may still tell it in its place";
  ASSERT_TRUE(eventually([&] {
    clock_.advance(1s);
    return !hand_in(kStart + 10s);
  }));
  const auto outages = memory_.all<capture::Outage>();
  ASSERT_EQ(outages.size(), 2);
  EXPECT_EQ(outages[0].stream, "gone.main");
  EXPECT_EQ(outages[0].cause, GapCause::camera_unreachable);
  EXPECT_EQ(outages[1].stream, "a.main");
  EXPECT_EQ(outages[1].cause, GapCause::disk_error);
  recorder_->on_outage({"late.main", kStart + 10s, GapCause::auth_failed, ""});
  EXPECT_EQ(memory_.all<capture::Outage>().back().cause, GapCause::auth_failed);
  disks_.disk("/s1").hold_syncs(false);
  recorder_->stop();
}

TEST_F(RecorderTest, AQueueThatIsFullBecauseTheDiskHangsIsADiskError) {
  start({"/s1"});
  ASSERT_TRUE(hand_in(kStart));
  disks_.disk("/s1").hold_syncs(true);
  int taken = 1;
  while (hand_in(kStart + taken * 1s, {.payload = 64})) ++taken;
  clock_.advance(9s);
  ASSERT_FALSE(hand_in(kStart + (taken + 1) * 1s));
  const auto outages = memory_.all<capture::Outage>();
  ASSERT_EQ(outages.size(), 1);
  EXPECT_EQ(outages[0].cause, GapCause::disk_error);
  EXPECT_EQ(outages[0].begin, kStart + taken * 1s);
  disks_.disk("/s1").hold_syncs(false);
  recorder_->stop();
}

TEST_F(RecorderTest, StopClosesEverythingDurably) {
  start({"/s1"});
  for (int i = 0; i < 7; ++i) ASSERT_TRUE(hand_in(kStart + i * 1s));
  recorder_->stop();
  EXPECT_FALSE(hand_in(kStart + 7s));
  disks_.disk("/s1").power_cut();
  const auto tree = disks_.disk("/s1").open_tree("/s1").value();
  const auto segments = list_in(*tree, "s1", nullptr).value();
  ASSERT_EQ(segments.size(), 3);
  Digest before{};
  for (const SegmentRef& segment : segments) {
    EXPECT_FALSE(segment.open);
    const auto found = inspect_file(*tree->open(segment_path(segment), false).value(), segment, true).value();
    EXPECT_EQ(found.previous, before);
    before = found.sha256;
  }
}

TEST_F(RecorderTest, TheChainGoesOnAfterARestart) {
  Digest last;
  last.fill(3);
  start({"/s1"}, {{"a.main", last}});
  ASSERT_TRUE(hand_in(kStart));
  recorder_->stop();
  EXPECT_EQ(memory_.all<SegmentClosed>().front().previous, last);
}

TEST_F(RecorderTest, RefusesOnceWithAReasonWhenNoStoreTakesFootage) {
  disks_.disk("/s1").set_missing(true);
  start({"/s1"});
  EXPECT_FALSE(hand_in(kStart));
  EXPECT_FALSE(hand_in(kStart + 1s));
  EXPECT_FALSE(hand_in(kStart + 2s));
  recorder_->stop();
  const auto outages = memory_.all<capture::Outage>();
  ASSERT_EQ(outages.size(), 1);
  EXPECT_EQ(outages[0].cause, GapCause::disk_error);
  EXPECT_EQ(outages[0].begin, kStart);
  EXPECT_THAT(outages[0].detail, HasSubstr("mount the disk there"));
  EXPECT_FALSE(recorder_->status().at(0).writable);
}

TEST_F(RecorderTest, AFullQueueDropsToTheNextKeyAndTellsOneOverload) {
  segment_duration_ = std::chrono::hours(24);
  start({"/s1"});
  FakeFileSystem& disk = disks_.disk("/s1");
  ASSERT_TRUE(hand_in(kStart));
  disk.hold_syncs(true);
  int taken = 1;
  while (hand_in(kStart + taken * 1s, {.payload = 64})) ++taken;
  EXPECT_GT(taken, 8000);
  EXPECT_FALSE(hand_in(kStart + (taken + 1) * 1s, {.key = false}));
  EXPECT_GT(recorder_->status().at(0).queued, 8000);
  disk.hold_syncs(false);
  ASSERT_TRUE(memory_.wait_for([](const auto& events) {
    return !events.empty() && std::holds_alternative<capture::Outage>(events.back());
  }));
  EXPECT_FALSE(hand_in(kStart + (taken + 2) * 1s, {.key = false}));
  EXPECT_TRUE(hand_in(kStart + (taken + 3) * 1s));
  recorder_->stop();
  const auto outages = memory_.all<capture::Outage>();
  ASSERT_EQ(outages.size(), 1);
  EXPECT_EQ(outages[0].cause, GapCause::overload);
  EXPECT_EQ(outages[0].begin, kStart + taken * 1s);
  EXPECT_EQ(memory_.all<FragmentDurable>().size(), static_cast<std::size_t>(taken) + 1);
}

TEST_F(RecorderTest, FallsOverToTheNextStoreAndTheChainGoesAlong) {
  start({"/s1", "/s2"});
  ASSERT_TRUE(hand_in(kStart));
  ASSERT_TRUE(saw([](const std::string& story) { return story == "od"; }));
  disks_.disk("/s1").fail_at(1, ErrorKind::internal, true);
  ASSERT_TRUE(hand_in(kStart + 1s));
  ASSERT_TRUE(saw([](const std::string& story) { return story == "odc!"; }));
  ASSERT_TRUE(hand_in(kStart + 2s));  // the first store finds out that it cannot even make a file
  ASSERT_TRUE(eventually([this] { return !recorder_->status().at(0).writable; }));
  ASSERT_TRUE(eventually([this] { return hand_in(kStart + 3s); }));
  recorder_->stop();
  const auto closed = memory_.all<SegmentClosed>();
  EXPECT_EQ(closed.front().segment.store, "s1");
  EXPECT_EQ(closed.back().segment.store, "s2");
  for (std::size_t n = 1; n < closed.size(); ++n) EXPECT_EQ(closed[n].previous, closed[n - 1].sha256);
  EXPECT_FALSE(recorder_->status().at(0).writable);
  EXPECT_TRUE(recorder_->status().at(1).writable);
}

TEST_F(RecorderTest, SpreadsStreamsOverTheStoresAndKeepsEachWhereItBegan) {
  start({"/s1", "/s2"});
  for (int camera = 0; camera < 6; ++camera) {
    const auto run = make_run(fmt::format("c{}.main", camera), kStart);
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(recorder_->on_fragment(make_fragment(run, kStart + i * 1s)));
  }
  recorder_->stop();
  std::map<std::string, std::set<StreamKey>> streams;
  for (const SegmentClosed& closed : memory_.all<SegmentClosed>())
    streams[closed.segment.store].insert(closed.segment.stream);
  EXPECT_EQ(streams["s1"], (std::set<StreamKey>{"c0.main", "c2.main", "c4.main"}));
  EXPECT_EQ(streams["s2"], (std::set<StreamKey>{"c1.main", "c3.main", "c5.main"}));
}

TEST(ChooseStore, GivesAStoreStreamsByItsSizeAndSkipsWhatTakesNothing) {
  std::vector<StoreStatus> stores(3);
  stores[0].total_bytes = 1000;
  stores[1].total_bytes = 2000;
  stores[2].total_bytes = 9000;
  stores[0].writable = stores[1].writable = true;
  std::vector<std::size_t> streams(3);
  for (int i = 0; i < 9; ++i) ++streams[choose_store(stores, streams).value()];
  EXPECT_THAT(streams, testing::ElementsAre(3, 6, 0));
  stores[0].writable = stores[1].writable = false;
  EXPECT_FALSE(choose_store(stores, streams));
}

TEST_F(RecorderTest, ManySourcesAtOnceKeepTheirOwnOrder) {
  start({"/s1", "/s2"});
  std::vector<std::thread> sources;
  for (int camera = 0; camera < 8; ++camera) {
    sources.emplace_back([this, camera] {
      const auto run = make_run(fmt::format("c{}.main", camera), kStart);
      for (int i = 0; i < 50; ++i) {
        EXPECT_TRUE(recorder_->on_fragment(make_fragment(run, kStart + i * 1s)));
        if (i % 20 == 19) recorder_->on_outage({run->stream, kStart + (i + 1) * 1s, GapCause::stalled, ""});
      }
    });
  }
  for (std::thread& source : sources) source.join();
  recorder_->stop();
  std::map<StreamKey, WallTime> newest;
  for (const FragmentDurable& durable : memory_.all<FragmentDurable>()) {
    WallTime& before = newest[durable.segment.stream];
    EXPECT_GT(durable.place.start, before);
    before = durable.place.start;
  }
  EXPECT_EQ(newest.size(), 8);
  EXPECT_EQ(memory_.all<FragmentDurable>().size(), 400);
}

TEST_F(RecorderTest, AFloodOfOutagesIsKeptShort) {
  start({"/s1"});
  disks_.disk("/s1").hold_syncs(true);
  ASSERT_TRUE(hand_in(kStart));
  recorder_->on_outage({"a.main", kStart + 1s, GapCause::stalled, ""});  // its close hangs in sync
  for (int i = 0; i < 1000; ++i) recorder_->on_outage({"a.main", kStart + 1s, GapCause::stalled, ""});
  EXPECT_LE(recorder_->status().at(0).queued, 2);
  disks_.disk("/s1").hold_syncs(false);
  recorder_->stop();
}

TEST_F(RecorderTest, WithoutAnyStoreItRefuses) {
  start({});
  EXPECT_FALSE(hand_in(kStart));
  recorder_->stop();
}

}  // namespace
}  // namespace mj::storage
