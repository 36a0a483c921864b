#include "tests/bench/index/fill.h"

#include <algorithm>
#include <future>

#include "index/footage.h"
#include "index/sqlite.h"
#include "index/visits.h"
#include "tests/bench/index/case_days.h"

namespace mj::bench {

namespace {

// Nothing here must survive a power cut; the measured part sets everything as mingjingd does.
constexpr const char* kUnsafe =
    "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-1048576;";
// Rows of footage name streams, stores and titles that were just looked up; visits need their foreign keys.
constexpr const char* kUnchecked = "PRAGMA foreign_keys=OFF;";
constexpr const char* kChecked = "PRAGMA foreign_keys=ON;";
constexpr const char* kSafe = "PRAGMA journal_mode=WAL;";
constexpr const char* kSameTitle =
    "INSERT INTO shots (stream, at_us, title, program, idle_ms) VALUES (?1, ?2, ?3, ?4, ?5)";
constexpr const char* kSixWithSameTitle =
    "INSERT INTO shots (stream, title, program, at_us, idle_ms) VALUES (?1, ?2, ?3, ?4, ?5),"
    " (?1, ?2, ?3, ?6, ?7), (?1, ?2, ?3, ?8, ?9), (?1, ?2, ?3, ?10, ?11), (?1, ?2, ?3, ?12, ?13),"
    " (?1, ?2, ?3, ?14, ?15)";
constexpr const char* kTitleOf =
    "SELECT stream, title, program FROM shots JOIN streams ON streams.id = stream WHERE key = ?1 AND at_us = "
    "?2";
constexpr const char* kPurgedBefore =
    "INSERT INTO purges (stream, begin_us, end_us, rule, first_us, last_us, segments, bytes, sha256)"
    " SELECT id, ?1, ?2, 'retention.days = 30', ?2, ?2, 1440, 44000000000, zeroblob(32) FROM streams";
constexpr const char* kConfiguredBefore = "UPDATE streams SET configured_us = ?1";

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

/// A minute of one stream, ready to be written.
struct Minute {
  std::size_t stream = 0;
  std::optional<index::Gap> gap;
  std::optional<capture::Run> run;
  index::SegmentRow row;
  Result<Bytes> places;
};

/// Makes the minutes of all streams, side by side. Owner and thread: one fill, one step at a time.
class Minutes {
 public:
  explicit Minutes(const Scale& scale) : streams_(streams_of(scale)), left_(scale.footage_days * 24 * 60) {}

  [[nodiscard]] const std::vector<FilledStream>& streams() const { return streams_; }

  /// The next hour, stream by stream; none: that was all.
  std::vector<Minute> hour() {
    std::vector<Minute> minutes;
    for (int of_hour = 0; of_hour < 60 && left_ > 0; ++of_hour, --left_) {
      for (std::size_t i = 0; i < streams_.size(); ++i) {
        // Breaks make a stream run ahead of the hall; then it has no row in some minutes.
        if (streams_[i].next < kEnd - Duration(kMinute * (left_ - 1))) minutes.push_back(minute(i));
      }
    }
    // The rows of a stream lie side by side: 60 of them at a time go to pages that are at hand.
    std::ranges::stable_sort(minutes, {}, &Minute::stream);
    return minutes;
  }

 private:
  Minute minute(std::size_t number) {
    FilledStream& stream = streams_[number];
    Minute made;
    made.stream = number;
    made.gap = maybe_break(stream);
    if (stream.run_start == stream.next) made.run = run_of(stream);
    auto& row = made.row;
    row.segment = {
        .store = number % 2 == 0 ? "s1" : "s2", .stream = stream.key, .start = stream.next, .open = false};
    row.run_start = stream.run_start;
    row.header_bytes = kHeaderBytes;
    row.fragments = minute_of(stream, random_);
    row.end = row.fragments.back().end;
    row.bytes = row.fragments.back().offset + row.fragments.back().bytes;
    row.sha256 = random_.digest();
    made.places = index::place_list(row);
    if (stream.kind != StreamKind::screen) row.fragments = {};  // an hour of them is 170 MB
    return made;
  }

  /// A camera is away now and then: two or three times in a day, for seconds or minutes.
  std::optional<index::Gap> maybe_break(FilledStream& stream) {
    if (!random_.chance(1.0 / 600)) return std::nullopt;
    const WallTime begin = stream.next;
    stream.next += Duration(random_.between(3'000'000, 90'000'000));
    stream.run_start = stream.next;
    const bool screen = stream.kind == StreamKind::screen;
    return index::Gap{begin, stream.next, screen ? GapCause::agent_away : GapCause::camera_unreachable,
                      "no answer for 9 s"};
  }

  std::vector<FilledStream> streams_;
  int left_;
  Random random_{7};
};

/// What one screen shows. Owner and thread: one fill.
class Screen {
 public:
  Screen(int window, std::vector<Sitting> sittings)
      : window_(window), sittings_(std::move(sittings)), random_(1'000 + static_cast<uint64_t>(window)) {}

  Result<void> shot(index::Database& database, const StreamKey& stream, WallTime at,
                    index::VisitUpdate& visits) {
    const int64_t idle_ms = random_.between(0, 60'000);
    if (id_ != 0 && at < until_) {
      same_.emplace_back(at, idle_ms);
      return same_.size() < 6 ? Result<void>{} : flush(database);
    }
    MJ_CHECK(flush(database));
    const Foreground front = next(at);
    until_ = at + front.stays;
    capture::ShotFacts facts;
    facts.title = front.title;
    facts.program = front.program;
    facts.idle_ms = idle_ms;
    MJ_CHECK(index::put_shot(database, stream, at, facts, visits));
    const auto keep = [this](const index::Statement& row) {
      id_ = row.integer(0);
      title_ = row.integer(1);
      program_ = row.integer(2);
      return true;
    };
    MJ_TRY(const auto kept, database.first(kTitleOf, keep, stream, at));
    return kept ? Result<void>{} : fail(ErrorKind::internal, "a shot is missing");
  }

  /// Writes the rows that wait for more of their like.
  Result<void> flush(index::Database& database) {
    const auto same = std::exchange(same_, {});
    if (same.size() == 6) {
      return database.run(kSixWithSameTitle, id_, title_, program_, same[0].first, same[0].second,
                          same[1].first, same[1].second, same[2].first, same[2].second, same[3].first,
                          same[3].second, same[4].first, same[4].second, same[5].first, same[5].second);
    }
    for (const auto& [at, idle_ms] : same)
      MJ_CHECK(database.run(kSameTitle, id_, at, title_, program_, idle_ms));
    return {};
  }

 private:
  Foreground next(WallTime at) {
    const auto day = (at - kEnd) % kDay;
    const Duration hour = day < Duration(0) ? day + kDay : day;
    if (hour < std::chrono::hours(8) || hour > std::chrono::hours(18)) return locked_title();
    while (place_ < sittings_.size() && sittings_[place_].to < at) ++place_;
    const bool sits = place_ < sittings_.size() && sittings_[place_].from <= at;
    return next_title(random_, sits ? &sittings_[place_] : nullptr, window_);
  }

  const int window_;
  const std::vector<Sitting> sittings_;
  Random random_;
  std::size_t place_ = 0;
  WallTime until_;
  int64_t id_ = 0, title_ = 0, program_ = 0;        ///< streams.id, titles.id: of what is shown
  std::vector<std::pair<WallTime, int64_t>> same_;  ///< shots of what is shown, and their idle_ms
};

/// Owner and thread: one fill_footage().
class FootageFill {
 public:
  FootageFill(index::Database& database, const Scale& scale, Sittings sittings)
      : database_(database), minutes_(scale) {
    for (int i = 0; i < scale.screens; ++i)
      screens_.emplace_back(i + 1, std::move(sittings[static_cast<std::size_t>(i)]));
  }

  Result<void> run() {
    next_ = std::async(std::launch::async, [this] { return minutes_.hour(); });
    for (int day = 1;; ++day) {
      MJ_TRY(const bool whole, put_day());
      MJ_CHECK(derive());
      if (!whole) return {};
      spdlog::info("footage: {} days", day);
    }
  }

 private:
  /// A day is a transaction, so that a page that several hours fill is written once. False: that was all.
  Result<bool> put_day() {
    MJ_CHECK(database_.script(kUnchecked));
    MJ_TRY(auto transaction, index::Transaction::begin(database_, index::Transaction::Kind::write));
    int hours = 0;
    for (; hours < 24; ++hours) {
      const auto minutes = next_.get();
      // The next ones are made beside the writing of these.
      next_ = std::async(std::launch::async, [this] { return minutes_.hour(); });
      if (minutes.empty()) break;
      MJ_CHECK(put(minutes));
    }
    for (Screen& screen : screens_) MJ_CHECK(screen.flush(database_));
    MJ_CHECK(transaction.commit());
    MJ_CHECK(database_.script(kChecked));
    return hours == 24;
  }

  Result<void> put(const std::vector<Minute>& minutes) {
    const std::size_t cameras = minutes_.streams().size() - screens_.size();
    for (const Minute& minute : minutes) {
      const StreamKey& stream = minute.row.segment.stream;
      if (minute.gap)
        MJ_CHECK(index::change_gap(database_, stream, {.remove = {}, .put = minute.gap, .carve = {}}));
      if (minute.run) MJ_CHECK(index::put_run(database_, *minute.run));
      for (const auto& place : minute.row.fragments) {
        if (minute.stream < cameras) break;
        MJ_CHECK(screens_[minute.stream - cameras].shot(database_, stream, place.start, visits_));
      }
      if (!minute.places) return tl::unexpected(minute.places.error());
      MJ_CHECK(index::put_segment(database_, minute.row, *minute.places));
    }
    return {};
  }

  /// The visits of a day by what was on the screens, at once.
  Result<void> derive() {
    MJ_TRY(auto transaction, index::Transaction::begin(database_, index::Transaction::Kind::write));
    MJ_CHECK(visits_.work_off(database_));
    visits_ = index::VisitUpdate(kEnd);
    return transaction.commit();
  }

  index::Database& database_;
  Minutes minutes_;
  std::future<std::vector<Minute>> next_;  ///< waits, when it goes, for the one that uses minutes_
  std::vector<Screen> screens_;
  index::VisitUpdate visits_{kEnd};
};

Result<void> fill_purged(index::Database& database, const Scale& scale) {
  const WallTime footage = kEnd - scale.footage_days * kDay;
  MJ_TRY(auto transaction, index::Transaction::begin(database, index::Transaction::Kind::write));
  MJ_CHECK(database.run(kConfiguredBefore, footage - scale.case_days * kDay));
  for (int day = scale.footage_days + 1; day <= scale.case_days; ++day)
    MJ_CHECK(database.run(kPurgedBefore, kEnd - day * kDay, kEnd - (day - 1) * kDay));
  return transaction.commit();
}

}  // namespace

Result<void> fill(const std::filesystem::path& directory, const Scale& scale) {
  StandingClock clock;
  clock.set(kEnd - (scale.case_days + 1) * kDay);  // since then each window has had its camera
  {
    MJ_TRY(const auto index, index::Index::open(directory, clock));
    MJ_CHECK(index->apply(big_hall(scale)));
  }
  MJ_TRY(const auto database, index::Database::open(directory / "index.db", index::Database::Mode::write));
  MJ_CHECK(database->script(kUnsafe));
  MJ_TRY(auto sittings, fill_cases(*database, scale));
  MJ_CHECK(fill_purged(*database, scale));
  MJ_CHECK(FootageFill(*database, scale, std::move(sittings)).run());
  return database->script(kSafe);
}

}  // namespace mj::bench
