#include <gmock/gmock.h>

#include "index/migrate.h"
#include "index/sqlite.h"
#include "tests/index/hall.h"

namespace mj::index::test {
namespace {

constexpr const char* kCam = "cam-w1.main";

class ReadLedger : public testing::Test {
 protected:
  ReadLedger() { hall_.clock().set(at(1'000)); }

  std::string read(double from, double to, const char* stream = kCam) {
    hall_.settle();
    const auto ledger = read_ledger(hall_.directory(), stream, at(from), at(to), hall_.clock());
    if (!ledger) return ledger.error().message;
    const Coverage& coverage = ledger->front().second;
    EXPECT_EQ(unaccounted(coverage, at(from)), Duration(0)) << told(coverage);
    until_ = coverage.until;
    return told(coverage);
  }

  Hall hall_;
  FakeRecorder camera_{hall_.index(), kCam};
  WallTime until_;
};

TEST_F(ReadLedger, TellsTheSameAsTheWriterOfWhatIsClosed) {
  camera_.footage(at(100), 60);
  camera_.outage(at(160), GapCause::stalled);
  camera_.footage(at(170), 60);
  camera_.outage(at(230), GapCause::camera_unreachable);
  const std::string whole =
      "gap 0-100 camera_unreachable, footage 100-160, gap 160-170 stalled, footage 170-230, gap 230- "
      "camera_unreachable";
  EXPECT_EQ(read(0, 1'000), whole);
  EXPECT_EQ(told(hall_.index().coverage(kCam, at(0), at(1'000)).value()), whole);
  EXPECT_EQ(until_, at(1'000));
}

TEST_F(ReadLedger, ClaimsNoGapWhereASegmentIsBeingWritten) {
  camera_.footage(at(100), 60);
  camera_.fragment(at(160), at(161));
  EXPECT_EQ(read(100, 1'000), "footage 100-160");
  EXPECT_EQ(until_, at(160));
}

TEST_F(ReadLedger, AnOpenGapIsWhyTheSegmentBeforeItIsNotKnown) {
  camera_.footage(at(100), 60);
  camera_.fragment(at(160), at(200));
  camera_.outage(at(208), GapCause::disk_error);
  EXPECT_EQ(read(100, 1'000), "footage 100-160, gap 160- disk_error");
  EXPECT_EQ(told(hall_.index().coverage(kCam, at(100), at(1'000)).value()),
            "footage 100-200, gap 200- disk_error");
}

TEST_F(ReadLedger, AGapToldBeforeTheFootageThatHungGivesWayToIt) {
  camera_.footage(at(100), 60);
  camera_.fragment(at(160), at(161));
  camera_.outage(at(168), GapCause::disk_error);  // at once
  camera_.fragment(at(161), at(166));             // the disk answers
  camera_.close();
  camera_.outage(at(168), GapCause::disk_error);  // in its place
  camera_.footage(at(180), 20);
  const std::string whole =
      "gap 0-100 camera_unreachable, footage 100-166, gap 166-180 disk_error, footage 180-200";
  EXPECT_EQ(read(0, 200), whole);
  EXPECT_EQ(told(hall_.index().coverage(kCam, at(0), at(200)).value()), whole);
}

TEST_F(ReadLedger, TheFirstSegmentEndsTheGapBeforeItIsClosedItself) {
  camera_.fragment(at(100), at(101));
  EXPECT_EQ(read(-10, 1'000), "gap -10-0 not_yet_configured, gap 0-100 camera_unreachable");
  EXPECT_EQ(until_, at(100));
}

TEST_F(ReadLedger, KnowsEveryStreamAndNoOther) {
  const auto all = read_ledger(hall_.directory(), "", at(0), at(1), hall_.clock()).value();
  EXPECT_THAT(all, testing::Contains(testing::Key(kCam)));
  const auto none = read_ledger(hall_.directory(), "cam-9.main", at(0), at(1), hall_.clock());
  EXPECT_EQ(none.error().kind, ErrorKind::not_found);
}

TEST_F(ReadLedger, MakesNoIndexWhereThereIsNone) {
  const mj::test::TemporaryDirectory empty;
  const auto ledger = read_ledger(empty.path(), "", at(0), at(1), hall_.clock());
  EXPECT_EQ(ledger.error().kind, ErrorKind::not_found);
  EXPECT_TRUE(std::filesystem::is_empty(empty.path()));
}

TEST_F(ReadLedger, ReadsNoOtherVersionThanItsOwn) {
  hall_.close();
  {
    auto database = Database::open(hall_.directory() / "index.db", Database::Mode::write).value();
    ASSERT_TRUE(database->script(fmt::format("PRAGMA user_version={};", migrations().size() + 1)));
  }
  const auto ledger = read_ledger(hall_.directory(), "", at(0), at(1), hall_.clock());
  EXPECT_EQ(ledger.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(ledger.error().message, testing::HasSubstr("use the newer program"));
}

}  // namespace
}  // namespace mj::index::test
