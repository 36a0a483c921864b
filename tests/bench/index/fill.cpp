#include "tests/bench/index/fill.h"

#include "index/footage.h"
#include "index/sqlite.h"
#include "tests/bench/index/case_days.h"

namespace mj::bench {

namespace {

// Nothing here must survive a power cut; the measured part sets everything as mingjingd does.
constexpr const char* kUnsafe =
    "PRAGMA synchronous=OFF; PRAGMA cache_size=-262144; PRAGMA wal_autocheckpoint=20000;";
constexpr const char* kPurgedBefore =
    "INSERT INTO purges (stream, begin_us, end_us, rule, first_us, last_us, segments, bytes, sha256)"
    " SELECT id, ?1, ?2, 'retention.days = 30', ?2, ?2, 1440, 44000000000, zeroblob(32) FROM streams";
constexpr const char* kConfiguredBefore = "UPDATE streams SET configured_us = ?1";
constexpr const char* kAnalyze = "PRAGMA optimize";

capture::Run run_of(const FilledStream& stream) {
  capture::Run run;
  run.stream = stream.key;
  run.start = stream.run_start;
  run.mime = "video/mp4; codecs=\"avc1.640028\"";
  run.video_init = Bytes(740, 0x5a);
  run.width = stream.kind == StreamKind::sub ? 640 : 1920;
  run.height = stream.kind == StreamKind::sub ? 360 : 1080;
  run.time_error = std::chrono::milliseconds(100);
  return run;
}

/// A camera is away now and then: two or three times in a day, for seconds or minutes.
Result<void> maybe_break(index::Database& database, FilledStream& stream, Random& random) {
  if (!random.chance(1.0 / 600)) return {};
  const WallTime begin = stream.next;
  stream.next += Duration(random.between(3'000'000, 90'000'000));
  stream.run_start = stream.next;
  const auto cause = stream.kind == StreamKind::screen ? GapCause::agent_away : GapCause::camera_unreachable;
  return index::change_gap(database, stream.key,
                           {.remove = std::nullopt,
                            .put = index::Gap{begin, stream.next, cause, "no answer for 9 s"},
                            .carve = std::nullopt});
}

Result<void> put_minute(index::Database& database, FilledStream& stream, Random& random, int number) {
  MJ_CHECK(maybe_break(database, stream, random));
  if (stream.run_start == stream.next) MJ_CHECK(index::put_run(database, run_of(stream)));
  index::SegmentRow row;
  row.segment = {
      .store = number % 2 == 0 ? "s1" : "s2", .stream = stream.key, .start = stream.next, .open = false};
  row.run_start = stream.run_start;
  row.header_bytes = kHeaderBytes;
  row.fragments = minute_of(stream, random);
  row.end = row.fragments.back().end;
  row.bytes = row.fragments.back().offset + row.fragments.back().bytes;
  row.sha256 = random.digest();
  if (stream.kind == StreamKind::screen) {
    for (const auto& place : row.fragments) {
      MJ_CHECK(index::put_shot(database, stream.key, place.start,
                               {.title = title_of(random, number),
                                .program = "chrome.exe",
                                .user = "clerk",
                                .idle_ms = random.between(0, 60'000),
                                .agent_time = place.start,
                                .input_sha256 = {}}));
    }
  }
  return index::put_segment(database, row);
}

Result<void> fill_footage(index::Database& database, const Scale& scale) {
  auto streams = streams_of(scale);
  Random random(7);
  const int minutes = scale.footage_days * 24 * 60;
  for (int minute = 0; minute < minutes; minute += 10) {
    MJ_TRY(auto transaction, index::Transaction::begin(database, index::Transaction::Kind::write));
    for (int of_ten = 0; of_ten < 10; ++of_ten) {
      int number = 0;
      for (auto& stream : streams) {
        // Breaks make a stream run ahead of the hall; then it has no row in some minutes.
        if (stream.next < kEnd - Duration(kMinute * (minutes - minute - of_ten)) + kMinute)
          MJ_CHECK(put_minute(database, stream, random, number));
        ++number;
      }
    }
    MJ_CHECK(transaction.commit());
    if (minute % 1440 == 0) spdlog::info("footage: day {} of {}", minute / 1440 + 1, scale.footage_days);
  }
  return {};
}

Result<void> fill_purged(index::Database& database, const Scale& scale) {
  const WallTime footage = kEnd - scale.footage_days * kDay;
  MJ_TRY(auto transaction, index::Transaction::begin(database, index::Transaction::Kind::write));
  MJ_CHECK(database.run(kConfiguredBefore, footage - scale.case_days * kDay));
  for (int day = scale.footage_days + 1; day <= scale.case_days; ++day)
    MJ_CHECK(database.run(kPurgedBefore, kEnd - day * kDay, kEnd - (day - 1) * kDay));
  return transaction.commit();
}

}  // namespace

std::string title_of(Random& random, int screen) {
  // Half of the titles are those of a program that stays open, half name what the clerk works on.
  if (random.chance(0.5)) return fmt::format("政务服务一体化平台 - 受理窗口{}", screen);
  return fmt::format("办件 {} - 补正材料", case_number_of(random.between(0, 200'000)));
}

Result<void> fill(const std::filesystem::path& directory, const Scale& scale) {
  StandingClock clock;
  clock.set(kEnd - (scale.case_days + 1) * kDay);  // since then each window has had its camera
  {
    MJ_TRY(const auto index, index::Index::open(directory, clock));
    MJ_CHECK(index->apply(big_hall(scale)));
    clock.set(kEnd);
    MJ_CHECK(fill_cases(*index, scale));
  }
  MJ_TRY(const auto database, index::Database::open(directory / "index.db", index::Database::Mode::write));
  MJ_CHECK(database->script(kUnsafe));
  MJ_CHECK(fill_purged(*database, scale));
  MJ_CHECK(fill_footage(*database, scale));
  return database->script(kAnalyze);
}

}  // namespace mj::bench
