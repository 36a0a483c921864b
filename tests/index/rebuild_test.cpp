#include "index/rebuild.h"

#include <gmock/gmock.h>

#include <fstream>
#include <set>

#include "index/migrate.h"
#include "storage/layout.h"
#include "tests/index/hall.h"
#include "tests/storage/fake_file_system.h"
#include "tests/storage/footage.h"

namespace mj::index::test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kCam = "cam-w1.main";

/// A hall that recorded to a real store: segments of one second.
class Rebuild : public testing::Test {
 protected:
  Rebuild() {
    hall_.clock().set(at(1'000));
    settings_ = small_hall();
    settings_.storage.segment_duration = std::chrono::seconds(1);
    settings_.stores = {{"s1", folder_.path() / "store", 0}};
    fs::create_directories(settings_.stores[0].path);
  }

  Index& index() { return hall_.index(); }

  /// Seconds [from, to) of one run, closed and with rows.
  void record(int from, int to) {
    storage::Recorder recorder(settings_, system_clock_, index());
    recorder.start(index().last_digests().value());
    const auto run = storage::make_run(kCam, at(from));
    for (int second = from; second < to; ++second) {
      ASSERT_TRUE(recorder.on_fragment(storage::make_fragment(run, at(second))));
    }
    recorder.stop();
    hall_.settle();
  }

  void ingest(const std::string& number) {
    Event event;
    event.id = number;
    event.at = at(105);
    event.window = "w1";
    event.ticket = "A001";
    event.case_number = number;
    event.raw = "{}";
    ASSERT_TRUE(index().ingest("queue", {event}));
  }

  /// What mingjing rebuild-index does.
  Rebuilt rebuild_now() {
    hall_.close();
    auto rebuilt = rebuild(hall_.directory(), settings_.stores, hall_.clock(), {});
    EXPECT_TRUE(rebuilt) << rebuilt.error().message;
    hall_.reopen();
    return rebuilt.value_or(Rebuilt{});
  }

  void spoil_index() {
    hall_.close();
    std::ofstream(hall_.directory() / "index.db", std::ios::binary | std::ios::trunc)
        << std::string(8192, '#');
  }

  void adopt_all() {
    ASSERT_TRUE(index().adopt_backlog([](uint64_t, uint64_t) { return true; }));
  }

  std::string coverage(int from, int to) { return told(index().coverage(kCam, at(from), at(to)).value()); }

  size_t findings() {
    const auto report = index().check(settings_.stores, true, false, {});
    EXPECT_TRUE(report);
    for (const auto& finding : report->findings) ADD_FAILURE() << finding.kind << ' ' << finding.detail;
    return report->findings.size();
  }

  mj::test::TemporaryDirectory folder_;
  Hall hall_;
  SystemClock system_clock_;
  config::Settings settings_;
};

TEST_F(Rebuild, EveryTableIsEitherCarriedOverOrMadeFromFiles) {
  hall_.close();
  const auto database = Database::open(hall_.directory() / "index.db", Database::Mode::read).value();
  std::set<std::string> tables, known;
  ASSERT_TRUE(
      database->each("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
                     [&](const Statement& row) { tables.insert(row.text(0)); }));
  for (const auto name : carried_tables()) known.emplace(name);
  for (const auto name : tables_from_files()) known.emplace(name);
  for (const auto name : tables_made_again()) known.emplace(name);
  EXPECT_EQ(tables, known) << "a new table needs a decision in carry_over.cpp";
}

TEST_F(Rebuild, MakesRowsOfFilesAndKeepsWhatOnlyTheOldIndexKnew) {
  record(100, 110);
  index().on_outage({kCam, at(110), GapCause::stalled, "no frames"});
  record(120, 130);
  ingest("SC-1");
  const Rebuilt rebuilt = rebuild_now();
  EXPECT_EQ(rebuilt.adopted.files, 20U);
  EXPECT_THAT(rebuilt.lost, IsEmpty());
  EXPECT_TRUE(fs::exists(rebuilt.aside / "index.db"));
  EXPECT_EQ(coverage(100, 130), "footage 100-110, gap 110-120 stalled, footage 120-130");
  EXPECT_THAT(index().search_cases("SC-1", 5).value(), SizeIs(1));
  EXPECT_EQ(findings(), 0U);
}

/// A store whose marker is there and which deletes nothing: the process was killed before it could.
class Unwilling {
 public:
  Unwilling() {
    files_.put_file(std::string(storage::kMarkerFile), as_bytes("mingjing store 1\nstore=s1\nuuid=u\n"));
    for (int second = 100; second < 110; ++second) {
      files_.put_file(storage::segment_path({"s1", kCam, at(second), false}), as_bytes("footage"));
    }
    files_.fail_at(1, ErrorKind::internal, true);
  }
  [[nodiscard]] storage::Remover remover() { return storage::Remover({{"s1", "/store", 0}}, files_); }

 private:
  storage::FakeFileSystem files_;
};

TEST_F(Rebuild, DoesNotBringBackWhatIsBeingDeletedOrWasDeleted) {
  record(100, 110);
  hall_.clock().set(at(86'400 + 105));
  ASSERT_TRUE(Index::believe_clock(hall_.directory()));
  Unwilling unwilling;
  ASSERT_EQ(index().purge(unwilling.remover(), 1, {}).value().garbage, 5U);
  const std::string half = "purged 100-105, footage 105-110";
  const auto unharmed = [&] {
    EXPECT_EQ(coverage(100, 110), half);
    EXPECT_EQ(findings(), 0U);
    EXPECT_THAT(index().last_digests().value(), SizeIs(1));
  };
  unharmed();
  hall_.reopen();
  ASSERT_TRUE(index().recover(settings_.stores));
  adopt_all();
  unharmed();
  EXPECT_EQ(rebuild_now().adopted.files, 5U);
  unharmed();
  const storage::Remover remover(settings_.stores);
  EXPECT_EQ(index().purge(remover, 1, {}).value().segments, 5U);
  unharmed();
  EXPECT_EQ(rebuild_now().adopted.files, 5U);
  unharmed();
  hall_.clock().set(at(3 * 86'400));
  ASSERT_TRUE(Index::believe_clock(hall_.directory()));
  const Digest last = index().last_digests().value().at(0).second;
  EXPECT_EQ(index().purge(remover, 1, {}).value().segments, 5U);
  EXPECT_EQ(coverage(100, 110), "purged 100-105, purged 105-110") << "on two days";
  EXPECT_EQ(index().last_digests().value().at(0).second, last) << "the chain goes on";
}

TEST_F(Rebuild, SaysThatTheReasonOfAHoleIsLost) {
  record(100, 110);
  record(120, 130);
  hall_.close();
  fs::remove_all(hall_.directory());
  const Rebuilt rebuilt = rebuild_now();
  EXPECT_TRUE(rebuilt.aside.empty());
  EXPECT_EQ(coverage(100, 130), "footage 100-110, gap 110-120 lost_in_crash, footage 120-130");
  const auto gap = index().coverage(kCam, at(112), at(113)).value().gaps.at(0);
  EXPECT_THAT(gap.detail, HasSubstr("the index that could was lost"));
  EXPECT_EQ(findings(), 0U);
}

TEST_F(Rebuild, NamesEachTableThatCouldNotBeRead) {
  record(100, 110);
  spoil_index();
  const Rebuilt rebuilt = rebuild_now();
  EXPECT_THAT(rebuilt.lost, SizeIs(carried_tables().size()));
  EXPECT_EQ(coverage(100, 110), "footage 100-110");
  EXPECT_TRUE(fs::exists(rebuilt.aside / "index.db")) << "even a spoilt index is kept";
}

TEST_F(Rebuild, LeavesEverythingAsItWasWhenAStoreIsMissing) {
  record(100, 110);
  hall_.close();
  auto stores = settings_.stores;
  stores.push_back({"s2", folder_.path() / "nowhere", 0});
  const auto rebuilt = rebuild(hall_.directory(), stores, hall_.clock(), {});
  ASSERT_FALSE(rebuilt);
  EXPECT_EQ(rebuilt.error().kind, ErrorKind::unavailable);
  hall_.reopen();
  EXPECT_EQ(coverage(100, 110), "footage 100-110");
}

TEST_F(Rebuild, IsRefusedWhileTheIndexIsInUse) {
  const auto rebuilt = rebuild(hall_.directory(), settings_.stores, hall_.clock(), {});
  ASSERT_FALSE(rebuilt);
  EXPECT_EQ(rebuilt.error().kind, ErrorKind::unavailable);
}

TEST_F(Rebuild, CanBeRepeatedAndKeepsEveryOldIndex) {
  record(100, 110);
  const Rebuilt first = rebuild_now();
  const Rebuilt second = rebuild_now();
  EXPECT_NE(first.aside, second.aside);
  EXPECT_EQ(coverage(100, 110), "footage 100-110");
}

TEST_F(Rebuild, AStartWithoutIndexReadsFewFilesBeforeItRecords) {
  record(100, 130);
  hall_.close();
  fs::remove_all(hall_.directory());
  hall_.reopen();
  hall_.apply(settings_);
  ASSERT_TRUE(index().recover(settings_.stores));
  EXPECT_EQ(coverage(100, 130), "gap 100-126 lost_in_crash, footage 126-130");
  EXPECT_THAT(index().last_digests().value(), SizeIs(1)) << "the chain goes on";
  adopt_all();
  EXPECT_EQ(coverage(100, 130), "footage 100-130");
  EXPECT_EQ(findings(), 0U);
}

TEST_F(Rebuild, AnOlderIndexTakesUpTheFilesThatCameAfterIt) {
  record(100, 110);
  index().on_outage({kCam, at(110), GapCause::shutdown, "stopped"});
  hall_.settle();
  hall_.close();
  fs::copy(hall_.directory(), folder_.path() / "backup", fs::copy_options::recursive);
  hall_.reopen();
  record(200, 220);
  record(230, 240);
  hall_.close();
  fs::remove_all(hall_.directory());
  fs::copy(folder_.path() / "backup", hall_.directory(), fs::copy_options::recursive);
  hall_.reopen();
  hall_.apply(settings_);
  ASSERT_TRUE(index().recover(settings_.stores));
  adopt_all();
  EXPECT_EQ(
      coverage(100, 240),
      "footage 100-110, gap 110-200 shutdown, footage 200-220, gap 220-230 lost_in_crash, footage 230-240");
  EXPECT_EQ(findings(), 0U);
}

TEST_F(Rebuild, AnInterruptedBacklogGoesOnAtTheNextStart) {
  record(100, 130);
  hall_.close();
  fs::remove_all(hall_.directory());
  hall_.reopen();
  hall_.apply(settings_);
  ASSERT_TRUE(index().recover(settings_.stores));
  ASSERT_TRUE(index().adopt_backlog([](uint64_t done, uint64_t) { return done < 7; }));
  hall_.reopen();
  hall_.apply(settings_);
  ASSERT_TRUE(index().recover(settings_.stores));
  adopt_all();
  EXPECT_EQ(coverage(100, 130), "footage 100-130");
  EXPECT_EQ(findings(), 0U);
}

TEST_F(Rebuild, ADamagedIndexIsReplacedAtOnceAndFootageIsFoundAgain) {
  record(100, 130);
  spoil_index();
  EXPECT_EQ(Index::open(hall_.directory(), hall_.clock()).error().kind, ErrorKind::corrupt);
  const auto replaced = replace_damaged(hall_.directory(), hall_.clock());
  ASSERT_TRUE(replaced) << replaced.error().message;
  hall_.reopen();
  hall_.apply(settings_);
  ASSERT_TRUE(index().recover(settings_.stores));
  adopt_all();
  EXPECT_EQ(coverage(100, 130), "footage 100-130");
}

TEST_F(Rebuild, VerifyFindsADamagedPage) {
  record(100, 130);
  EXPECT_TRUE(index().verify());
  hall_.close();
  {
    const auto number = [this](const char* sql) {  // of a page that opening the index does not read
      const auto database = Database::open(hall_.directory() / "index.db", Database::Mode::read).value();
      return database->first(sql, [](const Statement& row) { return row.integer(0); }).value().value();
    };
    const int64_t page = number("SELECT rootpage FROM sqlite_schema WHERE name = 'links_by_visit'");
    const int64_t size = number("PRAGMA page_size");
    std::fstream file(hall_.directory() / "index.db", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp((page - 1) * size);
    file << std::string(static_cast<size_t>(size), '#');
  }
  hall_.reopen();
  const auto verified = index().verify();
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().kind, ErrorKind::corrupt);
  index().cancel_verify();
  EXPECT_EQ(index().verify().error().kind, ErrorKind::cancelled);
}

}  // namespace
}  // namespace mj::index::test
