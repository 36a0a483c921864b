#include <gmock/gmock.h>

#include "index/sqlite.h"
#include "tests/index/hall.h"

namespace mj::index::test {
namespace {

class Apply : public testing::Test {
 protected:
  Index& index() { return hall_.index(); }
  std::string coverage(const char* stream, double from, double to) {
    return told(index().coverage(stream, at(from), at(to)).value());
  }
  int64_t number(const char* sql) {
    auto database = Database::open(hall_.directory() / "index.db", Database::Mode::read).value();
    return database->first(sql, [](const Statement& row) { return row.integer(0); }).value().value();
  }
  Hall hall_;
};

TEST_F(Apply, ANewStreamOwesFootageFromNowOn) {
  hall_.clock().set(at(50));
  EXPECT_EQ(coverage("cam-w1.main", -10, 100), "gap -10-0 not_yet_configured, gap 0- camera_unreachable");
  EXPECT_EQ(coverage("ws-1.screen", 0, 100), "gap 0- agent_away");
}

TEST_F(Apply, TheSameSettingsAgainChangeNothing) {
  const auto mappings = number("SELECT count(*) FROM window_streams");
  hall_.clock().set(at(50));
  hall_.apply(small_hall());
  hall_.reopen();
  hall_.apply(small_hall());
  EXPECT_EQ(number("SELECT count(*) FROM window_streams"), mappings);
  EXPECT_EQ(number("SELECT count(*) FROM window_streams WHERE to_us IS NOT NULL"), 0);
  EXPECT_EQ(coverage("cam-w1.main", 0, 100), "gap 0- camera_unreachable");
}

TEST_F(Apply, ARemovedStreamEndsItsLedgerAndAReturningOneGoesOn) {
  FakeRecorder(index(), "cam-w1.main").footage(at(0), 10);
  hall_.clock().set(at(20));
  FakeRecorder(index(), "cam-w1.main").outage(at(10), GapCause::shutdown);
  auto without = small_hall();
  without.cameras.erase(without.cameras.begin());
  hall_.apply(without);
  hall_.clock().set(at(100));
  EXPECT_EQ(coverage("cam-w1.main", 0, 200), "footage 0-10, gap 10-20 shutdown");
  EXPECT_EQ(number("SELECT count(*) FROM window_streams WHERE to_us IS NOT NULL"), 2);
  hall_.apply(small_hall());
  hall_.clock().set(at(120));
  EXPECT_EQ(coverage("cam-w1.main", 0, 200),
            "footage 0-10, gap 10-20 shutdown, gap 20-100 not_yet_configured, gap 100- camera_unreachable");
  FakeRecorder(index(), "cam-w1.main").footage(at(110), 10);
  EXPECT_EQ(coverage("cam-w1.main", 90, 200),
            "gap 90-100 not_yet_configured, gap 100-110 camera_unreachable, footage 110-120");
}

TEST_F(Apply, AMappingMadeAndUnmadeInOneInstantNeverWas) {
  auto without = small_hall();
  without.cameras.erase(without.cameras.begin());
  hall_.clock().set(at(-100));  // and a clock step back is no reason to end before the beginning
  hall_.apply(without);
  EXPECT_EQ(number("SELECT count(*) FROM window_streams WHERE to_us <= from_us"), 0);
}

TEST_F(Apply, NewNamesAreUsedAndOldThingsKeptWithAnEnd) {
  auto settings = small_hall();
  settings.windows[0].name = "综合窗口";
  settings.windows.erase(settings.windows.begin() + 1);
  hall_.clock().set(at(50));
  hall_.apply(settings);
  EXPECT_EQ(number("SELECT count(*) FROM windows WHERE name = '综合窗口'"), 1);
  EXPECT_EQ(number("SELECT count(*) FROM windows WHERE id = 'w2' AND removed_us IS NOT NULL"), 1);
}

}  // namespace
}  // namespace mj::index::test
