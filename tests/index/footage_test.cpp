#include <gmock/gmock.h>

#include <random>
#include <thread>

#include "index/sqlite.h"
#include "tests/index/hall.h"

namespace mj::index::test {
namespace {

constexpr const char* kCam = "cam-w1.main";
constexpr const char* kScreen = "ws-1.screen";

class Footage : public testing::Test {
 protected:
  Footage() { hall_.clock().set(at(1'000)); }
  Index& index() { return hall_.index(); }
  std::string coverage(double from, double to, const char* stream = kCam) {
    const auto coverage = index().coverage(stream, at(from), at(to));
    if (!coverage) return coverage.error().message;
    EXPECT_EQ(unaccounted(*coverage, at(from)), Duration(0)) << told(*coverage);
    return told(*coverage);
  }

  Hall hall_;
  FakeRecorder camera_{hall_.index(), kCam};
};

TEST_F(Footage, FindsADurableFragmentOfAnOpenSegmentAtOnce) {
  camera_.fragment(at(100), at(101));
  camera_.fragment(at(101), at(102));
  const auto segments = index().fragments(kCam, at(0), at(1'000)).value();
  ASSERT_EQ(segments.size(), 1U);
  EXPECT_TRUE(segments[0].segment.open);
  EXPECT_EQ(segments[0].end, at(102));
  EXPECT_EQ(segments[0].fragments.size(), 2U);
  const auto place = index().locate(kCam, at(100)).value();
  EXPECT_TRUE(place.first.open);
  EXPECT_EQ(place.second, 900U + 2'000U);
  EXPECT_EQ(index().run_init(kCam, at(100))->video_init, (Bytes{1, 2}));
}

TEST_F(Footage, ShowsNoBytesOfASegmentBeforeTheyAreDurable) {
  camera_.open(at(100));
  EXPECT_TRUE(index().fragments(kCam, at(0), at(1'000))->empty());
  EXPECT_EQ(index().locate(kCam, at(100))->second, 900U);
}

TEST_F(Footage, KeepsWhatTheCamerasClockWasOffByOverTime) {
  index().on_clock_offset({kCam, at(100), seconds(-90.5), seconds(0.1)});
  index().on_clock_offset({kCam, at(700), seconds(3'600), seconds(0.2)});
  index().on_clock_offset({"cam-hall.main", at(700), seconds(1), seconds(0.1)});
  index().on_clock_offset({kCam, at(-3'600), seconds(0), seconds(0.1)});  // our clock was set back
  hall_.reopen();
  EXPECT_EQ(coverage(-5'000, 0), "gap -5000-0 not_yet_configured");
  const auto offsets = index().clock_offsets(kCam, at(100), at(701)).value();
  ASSERT_EQ(offsets.size(), 2U);
  EXPECT_EQ(offsets[0].offset, seconds(-90.5));
  EXPECT_EQ(offsets[1].at, at(700));
  EXPECT_EQ(offsets[1].error, seconds(0.2));
  EXPECT_EQ(index().clock_offsets(kCam, at(0), at(100)).value().size(), 0U);
  EXPECT_EQ(index().clock_offsets("cam-9.main", at(0), at(1)).error().kind, ErrorKind::not_found);
}

TEST_F(Footage, RemembersClosedSegmentsAcrossARestart) {
  camera_.footage(at(100), 60);
  camera_.footage(at(160), 60);
  camera_.outage(at(220), GapCause::shutdown);
  hall_.reopen();
  const auto segments = index().fragments(kCam, at(159), at(161)).value();
  ASSERT_EQ(segments.size(), 2U);
  EXPECT_FALSE(segments[0].segment.open);
  ASSERT_EQ(segments[0].fragments.size(), 30U) << "kept by places of two seconds";
  EXPECT_EQ(segments[0].fragments[29].start, at(158));
  EXPECT_EQ(segments[0].fragments[29].end, at(160));
  EXPECT_EQ(segments[0].fragments[29].offset + segments[0].fragments[29].bytes, 900U + 60'000U);
  EXPECT_EQ(segments[1].run_start, at(160));
  EXPECT_EQ(index().locate(kCam, at(160))->second, 900U + 60'000U);
  EXPECT_EQ(index().run_init(kCam, at(160))->mime, "video/mp4; codecs=\"avc1.640028\"");
  EXPECT_EQ(index().run_init(kCam, at(160))->width, 1280);
  const auto digests = index().last_digests().value();
  ASSERT_EQ(digests.size(), 1U);
  EXPECT_EQ(digests[0], std::pair(StreamKey(kCam), camera_.last_digest()));
  EXPECT_EQ(coverage(0, 1'000), "gap 0-100 camera_unreachable, footage 100-220, gap 220- shutdown");
}

TEST_F(Footage, NamesWhatItDoesNotKnow) {
  EXPECT_EQ(index().fragments("cam-9.main", at(0), at(1)).error().kind, ErrorKind::not_found);
  EXPECT_EQ(index().coverage("cam-9.main", at(0), at(1)).error().kind, ErrorKind::not_found);
  EXPECT_EQ(index().shots("cam-9.main", at(0), at(1), 5).error().kind, ErrorKind::not_found);
  EXPECT_EQ(index().locate(kCam, at(5)).error().kind, ErrorKind::not_found);
  EXPECT_EQ(index().run_init(kCam, at(5)).error().kind, ErrorKind::not_found);
}

TEST_F(Footage, AnswersMomentsBeyondAllReason) {
  const WallTime first = WallTime::min();
  const WallTime last = WallTime::max();
  EXPECT_TRUE(index().fragments(kCam, first, last));
  EXPECT_TRUE(index().coverage(kCam, first, last));
  EXPECT_TRUE(index().shots(kCam, first, last, -1));
  EXPECT_FALSE(index().locate(kCam, last));
}

TEST_F(Footage, TellsEveryStateOfADay) {
  camera_.footage(at(10), 20);  // 10-30
  camera_.outage(at(30), GapCause::stalled);
  camera_.outage(at(40), GapCause::camera_unreachable);
  camera_.footage(at(50), 10);  // 50-60
  camera_.footage(at(65), 10);  // a hole nobody announced
  camera_.fragment(at(75), at(76));
  hall_.clock().set(at(80));
  EXPECT_EQ(coverage(-10, 200),
            "gap -10-0 not_yet_configured, gap 0-10 camera_unreachable, footage 10-30, gap 30-40 stalled, "
            "gap 40-50 camera_unreachable, footage 50-60, gap 60-65 overload, footage 65-76");
  hall_.clock().set(at(90));
  EXPECT_EQ(coverage(70, 200), "footage 70-76, gap 76- overload");
  hall_.settle();
  EXPECT_EQ(coverage(55, 70), "footage 55-60, gap 60-65 overload, footage 65-70");
}

TEST_F(Footage, KeepsAHoleWithinOneSegment) {
  camera_.fragment(at(10), at(20));
  camera_.fragment(at(30), at(40));
  camera_.close();
  hall_.settle();
  EXPECT_EQ(coverage(10, 40), "footage 10-20, gap 20-30 overload, footage 30-40");
}

TEST_F(Footage, ForgetsASegmentWithoutDurableFragments) {
  camera_.open(at(10));
  camera_.close();
  hall_.settle();
  EXPECT_TRUE(index().fragments(kCam, at(0), at(100))->empty());
  EXPECT_FALSE(index().locate(kCam, at(10)));
}

TEST_F(Footage, KeepsShotsWithTitlesStoredOnce) {
  FakeRecorder screen(index(), kScreen);
  capture::ShotFacts facts;
  facts.title = "不动产登记 000137";
  facts.program = "chromium";
  for (int i = 0; i < 5; ++i) {
    facts.idle_ms = i * 100;
    screen.fragment(at(i * 5), at(i * 5 + 5), facts);
  }
  hall_.settle();
  const auto shots = index().shots(kScreen, at(5), at(20), 2).value();
  ASSERT_EQ(shots.size(), 2U);
  EXPECT_EQ(shots[0].at, at(5));
  EXPECT_EQ(shots[0].title, "不动产登记 000137");
  EXPECT_EQ(shots[0].program, "chromium");
  EXPECT_EQ(shots[1].idle_ms, 200);
}

TEST_F(Footage, TakesFootageOfAStreamNobodyConfigured) {
  FakeRecorder stray(index(), "cam-old.sub");
  stray.footage(at(10), 5);
  EXPECT_EQ(coverage(10, 15, "cam-old.sub"), "footage 10-15");
  hall_.settle();
  EXPECT_EQ(coverage(0, 15, "cam-old.sub"), "gap 0-10 not_yet_configured, footage 10-15");
}

TEST_F(Footage, ReadersSeeWholeStatesWhileTheWriterWrites) {
  std::atomic<bool> stop = false;
  std::thread reader([&] {
    while (!stop) {
      const auto coverage = index().coverage(kCam, at(2'000), at(5'000));
      ASSERT_TRUE(coverage);
      ASSERT_EQ(unaccounted(*coverage, at(2'000)), Duration(0)) << told(*coverage);
      const auto segments = index().fragments(kCam, at(2'000), at(5'000));
      ASSERT_TRUE(segments);
      WallTime end = at(2'000);
      for (const auto& segment : *segments) {  // no segment is missed between tail and rows
        ASSERT_EQ(segment.segment.start, end);
        end = segment.end;
      }
    }
  });
  camera_.outage(at(1'000), GapCause::stalled);
  for (int i = 0; i < 300; ++i) camera_.footage(at(2'000 + i * 4), 4);
  stop = true;
  reader.join();
}

TEST_F(Footage, SumsToTheWholeAfterAnySequenceOfEvents) {
  constexpr GapCause kCauses[] = {GapCause::stalled, GapCause::camera_unreachable, GapCause::overload,
                                  GapCause::shutdown, GapCause::lost_in_crash};
  for (unsigned seed = 0; seed < 60; ++seed) {
    std::mt19937 random(seed);
    const std::string stream = fmt::format("cam-{}.{}", seed, seed % 3 == 0 ? "screen" : "main");
    FakeRecorder recorder(index(), stream);
    double now = 100;
    for (int step = 0; step < 60; ++step) {
      const double length = double(1 + random() % 40) / 10;
      switch (random() % 8) {
        case 0:
          recorder.outage(at(now - double(random() % 30) / 10), kCauses[random() % 5]);
          break;
        case 1:
          now += length * 10;
          break;
        case 2:
          recorder.close();
          break;
        case 3:
          recorder.fragment(at(now - length / 2), at(now + length));
          break;  // late or overlapping
        default:
          recorder.fragment(at(now), at(now + length));
          now += length;
      }
      hall_.clock().set(at(now + double(random() % 200) / 10));
      const double from = now - double(random() % 800) / 10;
      const auto coverage = index().coverage(stream, at(from), at(from + double(random() % 1'000) / 10));
      if (!coverage) continue;  // before the stream's first event
      ASSERT_EQ(unaccounted(*coverage, at(from)), Duration(0)) << "seed " << seed << ": " << told(*coverage);
    }
    recorder.close();
    hall_.settle();
    const auto whole = index().coverage(stream, at(0), at(5'000)).value();
    ASSERT_EQ(unaccounted(whole, at(0)), Duration(0)) << "seed " << seed << ": " << told(whole);
  }
}

TEST_F(Footage, GapRowsNeverOverlapFootageOrEachOther) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    FakeRecorder recorder(index(), fmt::format("cam-{}.main", seed));
    double now = 100;
    for (int step = 0; step < 80; ++step) {
      if (random() % 3 == 0) {
        recorder.outage(at(now + double(random() % 20) / 10),
                        random() % 2 == 0 ? GapCause::stalled : GapCause::overload);
        now += double(random() % 50) / 10;
      } else {
        recorder.fragment(at(now), at(now + 1));
        now += 1;
      }
    }
    recorder.close();
  }
  hall_.settle();
  auto database = Database::open(hall_.directory() / "index.db", Database::Mode::read).value();
  const auto overlaps = database->first(
      "SELECT count(*) FROM gaps AS a JOIN gaps AS b ON a.stream = b.stream AND a.begin_us < b.begin_us"
      " AND (a.end_us > b.begin_us OR a.end_us IS NULL)",
      [](const Statement& row) { return row.integer(0); });
  EXPECT_EQ(overlaps.value().value(), 0);
  const auto backward = database->first("SELECT count(*) FROM gaps WHERE end_us <= begin_us",
                                        [](const Statement& row) { return row.integer(0); });
  EXPECT_EQ(backward.value().value(), 0);
}

TEST(IndexFile, LetsOneProcessIn) {
  Hall hall;
  FakeClock clock;
  const auto second = Index::open(hall.directory(), clock);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(second.error().message, testing::HasSubstr("another mingjingd uses this index"));
  hall.close();
  EXPECT_TRUE(Index::open(hall.directory(), clock));
}

TEST(IndexFile, KeepsOthersOut) {
  Hall hall;
  const auto permissions = std::filesystem::status(hall.directory()).permissions();
  EXPECT_EQ(permissions, std::filesystem::perms::owner_all);
}

TEST(IndexFile, HoldsBackItsBallast) {
  Hall hall;
  EXPECT_EQ(std::filesystem::file_size(hall.directory() / "ballast"), 16U << 20);
}

}  // namespace
}  // namespace mj::index::test
