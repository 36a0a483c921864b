#include "index/lanes.h"

#include <gmock/gmock.h>

#include "index/sqlite.h"
#include "tests/index/hall.h"
#include "tests/storage/footage.h"

namespace mj::index::test {
namespace {

using State = LanePart::State;

constexpr const char* kSpanRows = "SELECT begin_us, end_us FROM spans ORDER BY stream, begin_us";
constexpr const char* kCam = "cam-w1.main";

class LanesTest : public testing::Test {
 protected:
  LanesTest() { hall_.clock().set(at(100'000)); }

  std::vector<LanePart> coverage(const StreamKey& stream, double from, double to, int columns = 1'000) {
    const auto lanes = Timeline(hall_.index()).lanes({{stream}, at(from), at(to), columns});
    EXPECT_TRUE(lanes) << lanes.error().message;
    return lanes ? lanes->lanes.at(0).coverage : std::vector<LanePart>{};
  }

  /// "footage 0-10, gap 10-12 stalled", in seconds.
  static std::string told(const std::vector<LanePart>& parts) {
    std::string text;
    for (const auto& part : parts) {
      const auto second = [](WallTime time) { return static_cast<double>((time - kMidnight).count()) / 1e6; };
      text += fmt::format("{}{} {:g}-{:g}", text.empty() ? "" : ", ", name(part.state), second(part.begin),
                          second(part.end));
      if (part.cause) text += fmt::format(" {}", mj::name(*part.cause));
    }
    return text;
  }

  std::string spans() {
    hall_.settle();
    const auto database = Database::open(hall_.directory() / "index.db", Database::Mode::read).value();
    std::string text;
    static_cast<void>(database->each(kSpanRows, [&](const Statement& row) {
      text += fmt::format(" {:g}-{:g}", static_cast<double>((row.time(0) - kMidnight).count()) / 1e6,
                          static_cast<double>((row.time(1) - kMidnight).count()) / 1e6);
    }));
    return text;
  }

  Hall hall_;
};

TEST_F(LanesTest, TellWhatCoverageTells) {
  FakeRecorder camera(hall_.index(), kCam);
  camera.footage(at(0), 60);
  camera.footage(at(60), 60);
  camera.outage(at(120), GapCause::camera_unreachable);
  camera.footage(at(150), 60);
  camera.outage(at(210), GapCause::stalled);
  hall_.settle();
  EXPECT_EQ(told(coverage(kCam, 10, 400)),
            "footage 10-120, gap 120-150 camera_unreachable, footage 150-210, gap 210-400 stalled");
}

TEST_F(LanesTest, TellFootageOfSegmentsThatAreOpen) {
  FakeRecorder camera(hall_.index(), kCam);
  camera.footage(at(0), 60);
  for (int i = 60; i < 80; ++i) camera.fragment(at(i), at(i + 1));
  hall_.clock().set(at(81));
  EXPECT_EQ(told(coverage(kCam, 50, 400)), "footage 50-80");
}

TEST_F(LanesTest, TellAGapWithinASegment) {
  FakeRecorder camera(hall_.index(), kCam);
  camera.fragment(at(0), at(10));
  camera.outage(at(10), GapCause::stalled);
  camera.fragment(at(14), at(20));
  camera.close();
  EXPECT_EQ(spans(), " 0-20");
  EXPECT_EQ(told(coverage(kCam, 1, 19)), "footage 1-10, gap 10-14 stalled, footage 14-19");
}

TEST_F(LanesTest, NeverHideAGapThatIsNarrowerThanAColumn) {
  FakeRecorder camera(hall_.index(), kCam);
  for (int i = 0; i < 40; ++i) {
    camera.footage(at(100 * i), 99);
    camera.outage(at(100 * i + 99), GapCause::stalled);
  }
  camera.footage(at(4000), 4000);
  hall_.settle();
  const auto parts = coverage(kCam, 0, 8000, 8);
  EXPECT_LE(parts.size(), 8U);
  EXPECT_EQ(told(parts), "gap 0-4000 stalled, footage 4000-8000");
}

TEST_F(LanesTest, SayWhatWasNotConfiguredAndNobodyExplains) {
  FakeRecorder camera(hall_.index(), kCam);
  camera.footage(at(0), 60);
  hall_.settle();
  const auto told_parts = told(coverage(kCam, -100, 60));
  EXPECT_THAT(told_parts, testing::StartsWith("not_configured -100-0"));
}

Event called_at_12() {
  Event called;
  called.id = "1";
  called.at = at(12);
  called.window = "w1";
  called.ticket = "A1";
  return called;
}

TEST_F(LanesTest, CountShotsAndVisits) {
  FakeRecorder screen(hall_.index(), "ws-1.screen");
  for (int i = 0; i < 10; ++i) {
    capture::ShotFacts facts;
    facts.title = "受理";
    screen.fragment(at(5 * i), at(5 * i + 5), facts);
  }
  screen.close();
  const Event called = called_at_12();
  Event finished = called;
  finished.id = "2";
  finished.type = Event::Type::ticket_finished;
  finished.at = at(42);
  ASSERT_TRUE(hall_.index().ingest("queue", {called, finished}));
  const auto lanes = Timeline(hall_.index()).lanes({{"ws-1.screen"}, at(0), at(50), 5});
  ASSERT_TRUE(lanes) << lanes.error().message;
  EXPECT_THAT(lanes->lanes[0].shots, testing::ElementsAre(2, 2, 2, 2, 2));
  ASSERT_THAT(lanes->visits, testing::Contains(testing::Key("w1")));
  const auto& served = lanes->visits.at("w1");
  ASSERT_THAT(served, testing::SizeIs(1));
  EXPECT_EQ(served[0].begin, at(12));
  EXPECT_EQ(served[0].end, at(42));
}

TEST_F(LanesTest, AVisitThatIsNotOverLastsUntilNow) {
  FakeRecorder camera(hall_.index(), kCam);
  camera.footage(at(0), 60);
  hall_.settle();
  ASSERT_TRUE(hall_.index().ingest("queue", {called_at_12()}));
  const auto end = [&](Duration later) {
    hall_.clock().set(at(12) + later);
    // An interval that it reaches into as long as it lasts, and no further.
    const auto lanes = Timeline(hall_.index()).lanes({{kCam}, at(12) + later, at(13) + later, 5});
    EXPECT_TRUE(lanes) << lanes.error().message;
    const auto& served = lanes->visits.at("w1");
    return served.size() == 1 ? std::optional(served[0].end) : std::nullopt;
  };
  EXPECT_EQ(end(std::chrono::minutes(3)), at(12) + std::chrono::minutes(3));
  EXPECT_EQ(end(std::chrono::hours(4)), at(12) + std::chrono::hours(4));
  EXPECT_EQ(end(std::chrono::hours(5)), std::nullopt);
}

TEST_F(LanesTest, TellWhatAScreenShowsOfWhoeverWorkedThere) {
  FakeRecorder screen(hall_.index(), "ws-1.screen");
  for (int i = 0; i < 40; ++i) {
    capture::ShotFacts facts;
    facts.idle_ms = i < 10 || i > 35 ? 1'000 : (i - 9) * 10'000;
    screen.fragment(at(10 * i), at(10 * i + 10), facts);
  }
  screen.outage(at(400), GapCause::screen_locked);
  hall_.clock().set(at(500));
  hall_.settle();
  const auto presence = [&](double from, double to, int columns) {
    const auto lanes = Timeline(hall_.index()).lanes({{"ws-1.screen", kCam}, at(from), at(to), columns});
    EXPECT_TRUE(lanes) << lanes.error().message;
    EXPECT_EQ(lanes->lanes.at(1).presence, std::nullopt) << "of a camera";
    std::string text;
    for (const auto& part : lanes->lanes.at(0).presence.value())
      text += fmt::format("{} {}-{};", name(part.state), (part.begin - at(0)).count() / 1'000'000,
                          (part.end - at(0)).count() / 1'000'000);
    return text;
  };
  EXPECT_EQ(presence(0, 1'000, 1'000), "input 0-90;idle 90-359;input 359-390;locked 400-500;");
  EXPECT_EQ(presence(200, 300, 10), "idle 200-300;");
  EXPECT_EQ(presence(0, 800, 2), "input 0-390;locked 400-500;") << "input wins a column";
  EXPECT_EQ(presence(0, 400, 1), "input 0-390;");
  EXPECT_EQ(Timeline(hall_.index())
                .lanes({{"ws-1.screen"}, at(0), at(0) + std::chrono::hours(24 * 201), 9})
                ->lanes[0]
                .presence,
            std::nullopt)
      << "more rows than may be read";
}

TEST_F(LanesTest, RefuseWhatCannotBeDrawn) {
  const Timeline timeline(hall_.index());
  EXPECT_EQ(timeline.lanes({{kCam}, at(1), at(1), 10}).error().kind, ErrorKind::invalid);
  EXPECT_EQ(timeline.lanes({{kCam}, at(1), at(2), 0}).error().kind, ErrorKind::invalid);
  EXPECT_EQ(timeline.lanes({{kCam}, at(1), at(2), Timeline::kMostColumns + 1}).error().kind,
            ErrorKind::invalid);
  EXPECT_EQ(timeline.lanes({{"nobody.main"}, at(1), at(2), 10}).error().kind, ErrorKind::not_found);
}

TEST_F(LanesTest, SpansGrowAndJoinInWhateverOrderSegmentsCome) {
  FakeRecorder camera(hall_.index(), kCam);
  camera.footage(at(120), 60);
  EXPECT_EQ(spans(), " 120-180");
  camera.footage(at(0), 60);
  EXPECT_EQ(spans(), " 0-60 120-180");
  camera.footage(at(60), 60);
  EXPECT_EQ(spans(), " 0-180");
  camera.footage(at(180.1), 10);
  EXPECT_EQ(spans(), " 0-190.1");
  camera.footage(at(200), 10);
  EXPECT_EQ(spans(), " 0-190.1 200-210");
}

}  // namespace
}  // namespace mj::index::test
