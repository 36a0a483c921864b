#include "index/ledger.h"

#include <gmock/gmock.h>

#include <map>

#include "tests/index/hall.h"

namespace mj::index::test {
namespace {

/// Applies changes as the database would and tells the rows: "10-20 stalled, 20- auth_failed".
class Rows {
 public:
  void apply(const std::vector<GapChange>& changes) {
    for (const auto& change : changes) {
      if (change.clear_from) rows_.erase(rows_.lower_bound(*change.clear_from), rows_.end());
      if (change.remove) rows_.erase(*change.remove);
      if (change.put) rows_[change.put->begin] = *change.put;
      if (change.carve) carved_ = true;
    }
  }
  [[nodiscard]] std::string told() const {
    Coverage coverage;
    for (const auto& [begin, gap] : rows_) coverage.gaps.push_back(gap);
    std::string text = test::told(coverage);
    for (size_t i; (i = text.find("gap ")) != std::string::npos;) text.erase(i, 4);
    return text;
  }
  [[nodiscard]] bool carved() const { return carved_; }

 private:
  std::map<WallTime, Gap> rows_;
  bool carved_ = false;
};

class Camera {
 public:
  explicit Camera(StreamKind kind = StreamKind::main) : ledger_(kind) {}
  Camera& footage(double start, double end) {
    rows_.apply(ledger_.on_footage(at(start), at(end)));
    return *this;
  }
  Camera& outage(double begin, GapCause cause) {
    rows_.apply(ledger_.on_outage(at(begin), cause, "why"));
    return *this;
  }
  [[nodiscard]] std::string told() const { return rows_.told(); }
  [[nodiscard]] const Rows& rows() const { return rows_; }
  StreamLedger& ledger() { return ledger_; }

 private:
  StreamLedger ledger_;
  Rows rows_;
};

TEST(Ledger, OutageOpensAGapBehindTheLastFootage) {
  EXPECT_EQ(Camera().footage(0, 10).outage(8, GapCause::stalled).told(), "10- stalled");
}

TEST(Ledger, FootageClosesTheGapWhereItStarts) {
  EXPECT_EQ(Camera().footage(0, 10).outage(10, GapCause::stalled).footage(15, 16).told(), "10-15 stalled");
}

TEST(Ledger, AnotherCauseClosesAndOpens) {
  EXPECT_EQ(Camera()
                .footage(0, 10)
                .outage(10, GapCause::stalled)
                .outage(12, GapCause::camera_unreachable)
                .outage(14, GapCause::camera_unreachable)
                .footage(20, 21)
                .told(),
            "10-12 stalled, 12-20 camera_unreachable");
}

TEST(Ledger, TheLaterWordAboutTheSameMomentCounts) {
  EXPECT_EQ(Camera().footage(0, 10).outage(10, GapCause::stalled).outage(9, GapCause::auth_failed).told(),
            "10- auth_failed");
}

TEST(Ledger, AnOutageThatCostNothingLeavesNoGap) {
  EXPECT_EQ(Camera().footage(0, 10).outage(9, GapCause::stalled).footage(10, 11).told(), "");
}

TEST(Ledger, TimeBetweenLastFootageAndOutageBelongsToTheOutage) {
  EXPECT_EQ(Camera().footage(0, 10).outage(13, GapCause::stalled).footage(20, 21).told(), "10-20 stalled");
  EXPECT_EQ(Camera()
                .footage(0, 10)
                .outage(13, GapCause::stalled)
                .outage(15, GapCause::auth_failed)
                .footage(20, 21)
                .told(),
            "10-15 stalled, 15-20 auth_failed");
}

TEST(Ledger, FootageFlushedAfterTheOutageMovesItsBegin) {
  Camera camera;
  camera.footage(0, 10).outage(10.5, GapCause::shutdown).footage(10, 11);
  EXPECT_EQ(camera.told(), "11- shutdown");
  EXPECT_EQ(camera.footage(30, 31).told(), "11-30 shutdown");
}

TEST(Ledger, LateFootageBehindAClosedGapIsCarvedOutOfIt) {
  Camera camera;
  camera.footage(0, 10).outage(10, GapCause::stalled).outage(15, GapCause::shutdown).footage(11, 12);
  EXPECT_TRUE(camera.rows().carved());
}

TEST(Ledger, AHoleNobodyAnnouncedBecomesAGap) {
  EXPECT_EQ(Camera().footage(0, 10).footage(10.15, 11).told(), "");
  EXPECT_EQ(Camera().footage(0, 10).footage(10.25, 11).told(), "10-10.25 overload");
}

TEST(Ledger, ShotsMayStandApartAsFarAsTheyUsuallyDo) {
  Camera screen(StreamKind::screen);
  for (int i = 0; i < 10; ++i) screen.footage(i * 5, i * 5 + 5);
  screen.footage(55, 60);  // 10 s after the last shot's start, usual spacing 5 s
  EXPECT_EQ(screen.told(), "");
  screen.footage(70, 75);
  EXPECT_EQ(screen.told(), "60-70 agent_away");
}

TEST(Ledger, ShotsInQuickSuccessionDoNotMakeTheUsualPaceAHole) {
  Camera screen(StreamKind::screen);
  for (int i = 0; i < 5; ++i) screen.footage(i * 5, i * 5 + 5);
  screen.footage(21, 22).footage(22, 23).footage(27.5, 32);
  EXPECT_EQ(screen.told(), "");
}

TEST(Ledger, ClockSteppedBackMakesNoGapInTheFuture) {
  Camera camera;
  camera.footage(0, 100).footage(40, 50).outage(50, GapCause::stalled);
  EXPECT_EQ(camera.told(), "100- stalled");
  EXPECT_EQ(camera.footage(60, 70).footage(99, 101).footage(101, 102).told(), "");
}

TEST(Ledger, TakesUpAnOpenGapAfterARestart) {
  Camera camera;
  camera.ledger().resume(at(10), at(10), Gap{at(10), std::nullopt, GapCause::shutdown, "stopped"});
  EXPECT_EQ(camera.footage(20, 21).told(), "10-20 shutdown");
}

TEST(Ledger, LeavesGapsOfBeforeARestartAsTheyAre) {
  Camera camera;
  camera.ledger().resume(at(10), at(50), Gap{at(55), std::nullopt, GapCause::stalled, "no frames"});
  EXPECT_EQ(camera.footage(60, 61).told(), "50-60 stalled") << "10-50 has its row already";
  Camera another;
  another.ledger().resume(at(10), at(50), std::nullopt);
  EXPECT_EQ(another.footage(80, 81).told(), "50-80 overload");
}

}  // namespace
}  // namespace mj::index::test
