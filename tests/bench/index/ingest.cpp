#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "tests/bench/index/case_days.h"
#include "tests/bench/index/measure.h"

namespace mj::bench {

namespace {

constexpr int kSegmentsPerSecond = 600;
constexpr int kShotsPerSecond = 200;
constexpr Duration kLiveFrom = std::chrono::hours(10);
constexpr auto kReaderPause = std::chrono::milliseconds(4);

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// What storage tells about one segment, made beforehand so that only the index's work is measured.
struct Told {
  storage::SegmentOpened opened;
  std::vector<storage::FragmentDurable> durable;
  storage::SegmentClosed closed;
};

/// A clerk who works on one case after the other.
struct Clerk {
  Sitting sitting;
  Foreground front;
  WallTime until;
};

const Foreground& in_front(Clerk& clerk, WallTime at, Random& random) {
  if (at < clerk.until) return clerk.front;
  if (at >= clerk.sitting.to) {
    const int64_t nth = random.between(0, 200'000);
    clerk.sitting = {at, at + std::chrono::minutes(8), case_number_of(nth), static_cast<int>(nth % kItems),
                     person_name(random)};
  }
  clerk.front = next_title(random, &clerk.sitting, 1);
  clerk.until = at + clerk.front.stays;
  return clerk.front;
}

Told minute_told(FilledStream& stream, Random& random, Clerk& clerk) {
  auto run = std::make_shared<capture::Run>();
  run->stream = stream.key;
  run->start = stream.run_start;
  run->mime = "video/mp4; codecs=\"avc1.640028\"";
  run->video_init = Bytes(740, 0x5a);
  Told told;
  told.opened = {{.store = "s1", .stream = stream.key, .start = stream.next, .open = true},
                 std::move(run),
                 kHeaderBytes};
  const auto places = minute_of(stream, random);
  for (const auto& place : places) {
    std::optional<capture::ShotFacts> shot;
    if (stream.kind == StreamKind::screen) {
      shot.emplace();
      const Foreground& front = in_front(clerk, place.start, random);
      shot->title = front.title;
      shot->program = front.program;
      shot->user = "clerk";
      shot->agent_time = place.start;
    }
    told.durable.push_back({told.opened.segment, place, std::move(shot)});
  }
  told.closed = {told.opened.segment,
                 places.back().end,
                 places.back().offset + places.back().bytes,
                 random.digest(),
                 {},
                 false,
                 places};
  told.closed.segment.open = false;
  return told;
}

/// Segments and shots at the wanted pace: as many cameras' minutes as segments are asked for, screens' in
/// between.
std::vector<Told> script(const Scale& scale, Duration length) {
  std::vector<FilledStream> cameras, screens;
  for (auto& stream : streams_of(scale)) {
    stream.next = stream.run_start = kEnd + kLiveFrom;
    (stream.kind == StreamKind::screen ? screens : cameras).push_back(stream);
  }
  const auto seconds = static_cast<std::size_t>(length / std::chrono::seconds(1));
  const std::size_t shot_minutes = seconds * kShotsPerSecond / 12, all = seconds * kSegmentsPerSecond;
  Random random(31);
  std::vector<Clerk> clerks(screens.size());
  std::vector<Told> told;
  for (std::size_t i = 0, screen = 0; i < all; ++i) {
    // Bresenham: the screens' minutes are spread evenly among the cameras'.
    const bool is_screen = (i + 1) * shot_minutes / all > i * shot_minutes / all;
    const std::size_t of_screens = is_screen ? screen++ % screens.size() : 0;
    auto& stream = is_screen ? screens[of_screens] : cameras[i % cameras.size()];
    told.push_back(minute_told(stream, random, clerks[of_screens]));
  }
  return told;
}

void tell(index::Index& index, Told& told) {
  index.on_segment_opened(std::move(told.opened));
  for (auto& durable : told.durable) index.on_fragment_durable(std::move(durable));
  index.on_segment_closed(std::move(told.closed));
}

/// Asks for cases, one every few milliseconds, until told to stop; p95 of their times.
class Readers {
 public:
  Readers(const index::Index& index, const std::vector<std::string>& numbers)
      : thread_([this, &index, &numbers] {
          for (std::size_t i = 0; !stop_; ++i) {
            times_.push_back(milliseconds_of(
                [&] { failed_ = failed_ || !index.case_answer(numbers[i % numbers.size()]); }));
            std::this_thread::sleep_for(kReaderPause);
          }
        }) {}
  Result<double> end() {
    stop_ = true;
    thread_.join();
    if (failed_) return fail(ErrorKind::internal, "a case could not be read during ingest");
    return percentile(times_, 95);
  }

 private:
  std::atomic<bool> stop_ = false;
  std::atomic<bool> failed_ = false;
  std::vector<double> times_;
  std::thread thread_;
};

/// Tells everything at its pace; the share of a core that the process needed for it.
double play(index::Index& index, std::vector<Told>& told) {
  const double cpu = cpu_seconds();
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < told.size(); ++i) {
    if (i % 10 == 0)
      std::this_thread::sleep_until(begin + std::chrono::microseconds(1'000'000 * i / kSegmentsPerSecond));
    tell(index, told[i]);
  }
  static_cast<void>(index.ingest("settle", {}));  // everything before it is committed now
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  return (cpu_seconds() - cpu) / took.count();
}

}  // namespace

Result<void> measure_ingest(const std::filesystem::path& directory, const Scale& scale, Duration length,
                            Figures& figures) {
  Random random(32);
  MJ_TRY(const auto numbers, some_cases(directory, 300, random));
  auto told = script(scale, 2 * length);
  std::vector<Told> second(
      std::make_move_iterator(told.begin() + static_cast<std::ptrdiff_t>(told.size() / 2)),
      std::make_move_iterator(told.end()));
  told.resize(told.size() / 2);
  StandingClock clock;
  clock.set(kEnd + std::chrono::hours(24));
  MJ_TRY(const auto index, index::Index::open(directory, clock));
  // A day of visits, so that a number on a screen has some to be compared with.
  MJ_CHECK(index->ingest("live", live_day(kEnd)));
  for (const auto& number : numbers) MJ_CHECK(index->case_answer(number));
  Readers alone(*index, numbers);
  std::this_thread::sleep_for(length);
  MJ_TRY(const double before, alone.end());
  figures["ingest_core"] = play(*index, told);
  Readers beside(*index, numbers);
  play(*index, second);
  MJ_TRY(const double during, beside.end());
  figures["reader_growth"] = during / before;
  if (!index->healthy())
    return fail(ErrorKind::unavailable, "the index could not commit: {}", index->last_error());
  return {};
}

}  // namespace mj::bench
