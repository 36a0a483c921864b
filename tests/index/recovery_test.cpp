#include <gmock/gmock.h>

#include <fstream>
#include <thread>

#include "index/sqlite.h"
#include "tests/index/hall.h"
#include "tests/storage/footage.h"

namespace mj::index::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCam = "cam-w1.main";

/// Between recorder and index; can be cut, as a crash cuts it.
class Cable final : public storage::Outlet {
 public:
  explicit Cable(Index& index) : index_(index) {}
  void cut() { cut_ = true; }
  void on_segment_opened(storage::SegmentOpened opened) override {
    if (!cut_) index_.on_segment_opened(std::move(opened));
  }
  void on_fragment_durable(storage::FragmentDurable durable) override {
    if (!cut_) index_.on_fragment_durable(std::move(durable));
  }
  void on_segment_closed(storage::SegmentClosed closed) override {
    if (!cut_) index_.on_segment_closed(std::move(closed));
  }
  void on_outage(capture::Outage outage) override {
    if (!cut_) index_.on_outage(std::move(outage));
  }

 private:
  Index& index_;
  std::atomic<bool> cut_ = false;
};

/// A hall with a real store: segments of three seconds.
class Recovery : public testing::Test {
 protected:
  Recovery() {
    hall_.clock().set(at(1'000));
    settings_ = small_hall();
    settings_.storage.segment_duration = std::chrono::seconds(3);
    settings_.storage.sync_interval = std::chrono::milliseconds(5);
    settings_.stores = {{"s1", folder_.path() / "store", 0}};
    fs::create_directories(settings_.stores[0].path);
  }

  Index& index() { return hall_.index(); }

  void start() {
    cable_ = std::make_unique<Cable>(index());
    recorder_ = std::make_unique<storage::Recorder>(settings_, system_clock_, *cable_);
    recorder_->start(index().last_digests().value());
  }

  /// Seconds [from, to) of one run, durable when this returns.
  void record(int from, int to) {
    const auto run = storage::make_run(kCam, at(from));
    for (int second = from; second < to; ++second) {
      ASSERT_TRUE(recorder_->on_fragment(storage::make_fragment(run, at(second))));
    }
    ASSERT_TRUE(eventually([&] {
      const auto segments = index().fragments(kCam, at(to - 1), at(to));
      return segments && !segments->empty() && segments->back().end == at(to);
    }));
  }

  static bool eventually(const std::function<bool()>& what) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!what()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }

  /// The store as it lies there now is what the next start finds.
  void crash() {
    fs::copy(settings_.stores[0].path, folder_.path() / "after", fs::copy_options::recursive);
    cable_->cut();
    recorder_.reset();
    settings_.stores[0].path = folder_.path() / "after";
    restart();
  }

  void stop() { recorder_.reset(); }

  void restart() {
    hall_.reopen();
    hall_.apply(settings_);
    const auto recovered = index().recover(settings_.stores);
    ASSERT_TRUE(recovered) << recovered.error().message;
  }

  /// "kind healed, ..." of a check.
  std::string check(bool repair = false) {
    const auto report = index().check(settings_.stores, true, repair, {});
    EXPECT_TRUE(report) << report.error().message;
    std::string text;
    for (const auto& finding : report->findings) {
      text += (text.empty() ? "" : ", ") + finding.kind + (finding.healed ? " healed" : "");
    }
    return text;
  }

  std::string coverage() { return told(index().coverage(kCam, at(100), at(2'000)).value()); }

  fs::path file(int second, const char* ending = ".mp4") {
    return settings_.stores[0].path / kCam / "20261121" / (std::to_string(to_us(at(second))) + ending);
  }

  mj::test::TemporaryDirectory folder_;
  Hall hall_;
  SystemClock system_clock_;  // the recorder's syncs are a matter of real time
  config::Settings settings_;
  std::unique_ptr<Cable> cable_;
  std::unique_ptr<storage::Recorder> recorder_;
};

TEST_F(Recovery, RowsAndFilesAgreeAfterACleanStop) {
  start();
  record(100, 110);
  stop();
  index().on_outage({kCam, at(110), GapCause::shutdown, "stopped"});
  restart();
  EXPECT_EQ(coverage(), "footage 100-110, gap 110- shutdown");
  EXPECT_EQ(check(), "");
  const auto report = index().check(settings_.stores, true, false, {}).value();
  EXPECT_EQ(report.rows, 4U);
  EXPECT_EQ(report.files, 4U);
  EXPECT_GT(report.bytes, 30'000U);
}

TEST_F(Recovery, FinishesOpenFilesAndTellsWhatTheCrashCost) {
  start();
  record(100, 110);
  crash();
  EXPECT_EQ(coverage(), "footage 100-110, gap 110- lost_in_crash");
  EXPECT_EQ(check(), "");
  EXPECT_FALSE(fs::exists(file(109, ".mp4.part")));
  EXPECT_TRUE(fs::exists(file(109)));
  start();
  record(130, 132);
  stop();
  EXPECT_EQ(coverage(), "footage 100-110, gap 110-130 lost_in_crash, footage 130-132, gap 132- overload");
  EXPECT_EQ(check(), "") << "the chain goes on over the crash";
}

TEST_F(Recovery, FindsFilesThatWereClosedJustBeforeTheCrash) {
  start();
  record(100, 104);
  cable_->cut();
  recorder_.reset();
  restart();
  EXPECT_EQ(coverage(), "footage 100-104, gap 104- lost_in_crash");
  EXPECT_EQ(check(), "");
}

TEST_F(Recovery, ClosesAGapThatFootageHadAlreadyEnded) {
  start();
  record(100, 103);
  index().on_outage({kCam, at(103), GapCause::stalled, "no frames"});
  hall_.settle();
  cable_->cut();  // the index hears nothing of what follows
  const auto run = storage::make_run(kCam, at(110));
  for (int second = 110; second < 116; ++second) {
    ASSERT_TRUE(recorder_->on_fragment(storage::make_fragment(run, at(second))));
  }
  recorder_.reset();
  restart();
  EXPECT_EQ(coverage(), "footage 100-103, gap 103-110 stalled, footage 110-116, gap 116- lost_in_crash");
}

TEST_F(Recovery, RebuildsALostIndexFromFilesAlone) {
  start();
  record(100, 110);
  stop();
  hall_.close();
  fs::remove_all(hall_.directory());
  restart();
  EXPECT_THAT(coverage(), testing::StartsWith("footage 100-110"));
  EXPECT_EQ(check(), "");
  EXPECT_FALSE(index().run_init(kCam, at(100))->video_init.empty());
}

TEST_F(Recovery, RecoversWhatItCanWhenAStoreIsMissing) {
  start();
  record(100, 110);
  stop();
  settings_.stores.push_back({"s2", folder_.path() / "nowhere", 0});
  restart();
  EXPECT_THAT(coverage(), testing::StartsWith("footage 100-110"));
  EXPECT_EQ(check(), "store_unavailable");
}

TEST_F(Recovery, CheckNamesMissingOrphanedAndForeignFiles) {
  start();
  record(100, 112);
  stop();
  fs::remove(file(103));
  std::ofstream(settings_.stores[0].path / "notes.txt") << "hello";
  hall_.settle();
  auto database = Database::open(hall_.directory() / "index.db", Database::Mode::write).value();
  ASSERT_TRUE(database->run("DELETE FROM segments WHERE start_us = ?1", at(109)));
  EXPECT_EQ(check(), "stranger, missing_file, orphan_file");
  EXPECT_EQ(check(true), "stranger, missing_file healed, orphan_file healed");
  EXPECT_EQ(check(), "stranger, chain_broken") << "a lost segment leaves a mark for ever";
  EXPECT_THAT(coverage(), testing::StartsWith("footage 100-103, gap 103-106 disk_error, footage 106-112"));
  EXPECT_TRUE(fs::exists(settings_.stores[0].path / "notes.txt"));
}

TEST_F(Recovery, CheckFindsAClosedSegmentUnderItsOpenName) {
  start();
  record(100, 112);
  stop();
  fs::rename(file(103), file(103, ".mp4.part"));  // as a disk leaves it that refuses to rename
  EXPECT_EQ(check(), "open_file");
  EXPECT_EQ(check(true), "open_file healed");
  EXPECT_TRUE(fs::exists(file(103)));
  EXPECT_EQ(check(), "");
  EXPECT_THAT(coverage(), testing::StartsWith("footage 100-112"));
}

TEST_F(Recovery, CheckSeesChangedBytesAndLengths) {
  start();
  record(100, 109);
  stop();
  {
    std::fstream changed(file(103), std::ios::in | std::ios::out | std::ios::binary);
    changed.seekp(-5, std::ios::end);
    changed.put('!');
  }
  fs::resize_file(file(106), fs::file_size(file(106)) - 7);
  EXPECT_EQ(check(), "hash_differs, size_differs");
  EXPECT_EQ(check(true), "hash_differs, size_differs") << "evidence of damage is not healed away";
  const auto quick = index().check(settings_.stores, false, false, {}).value();
  EXPECT_EQ(quick.findings.size(), 1U) << "without hashes only the length tells";
}

TEST_F(Recovery, CheckFinishesAnAbandonedFileOnlyWhenAskedTo) {
  start();
  record(100, 110);
  fs::copy(settings_.stores[0].path, folder_.path() / "after", fs::copy_options::recursive);
  cable_->cut();
  recorder_.reset();
  settings_.stores[0].path = folder_.path() / "after";
  hall_.reopen();  // but nobody recovers
  EXPECT_EQ(check(), "open_file");
  EXPECT_TRUE(fs::exists(file(109, ".mp4.part")));
  EXPECT_EQ(check(true), "open_file healed");
  EXPECT_EQ(check(), "");
}

TEST_F(Recovery, CheckLeavesTheFileThatIsBeingWrittenAlone) {
  start();
  record(100, 104);
  EXPECT_EQ(check(), "");
  stop();
}

TEST_F(Recovery, CheckTellsHowFarItIs) {
  start();
  record(100, 110);
  stop();
  std::vector<std::pair<uint64_t, uint64_t>> told;
  ASSERT_TRUE(index().check(settings_.stores, false, false,
                            [&](uint64_t done, uint64_t total) { told.emplace_back(done, total); }));
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told.back(), std::pair(uint64_t{4}, uint64_t{4}));
}

}  // namespace
}  // namespace mj::index::test
