#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <map>
#include <random>

#include "capture/stream_state.h"
#include "tests/capture/box_path.h"
#include "tests/capture/fake_clock.h"

/// Cameras as no test would think of them: random behaviour from a seed, through timeline, run builder and
/// stream state, and what comes out compared with what was filmed when. A failure prints its seed.
namespace mj::capture {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr uint64_t kSeeds = 600;
constexpr uint64_t kCalmSeeds = 100;
constexpr double kRate = 90'000;
constexpr std::size_t kUnitBytes = 24;
constexpr int64_t kNoTruth = -1;

/// A unit's bytes: a slice that carries when it was filmed, or that nobody knows, and by how much our clock
/// had been set until it came.
void write_unit(Bytes& to, bool key, int64_t truth_us, int32_t set_ms) {
  Bytes unit(kUnitBytes, 0);
  unit[3] = kUnitBytes - 4;
  unit[4] = key ? 0x65 : 0x41;
  static uint16_t serial = 0;
  std::memcpy(&unit[8], &set_ms, sizeof set_ms);
  std::memcpy(&unit[14], &++serial, sizeof serial);  // no two pictures of the world are the same
  std::memcpy(&unit[16], &truth_us, sizeof truth_us);
  to.insert(to.end(), unit.begin(), unit.end());
}

/// Checks every fragment as it comes, and at the end that every hole was told.
class Auditor final : public Outlet {
 public:
  explicit Auditor(std::mt19937_64& random) : random_(random) {}

  [[nodiscard]] bool on_fragment(Fragment fragment) override {
    EXPECT_LT(fragment.start, fragment.end);
    EXPECT_GE(fragment.start, end_) << "overlap";
    if (refusing && random_() % 30 == 0) {
      told_ = true;  // the outlet's own to account for
      refused += fragment.frames;
      return false;
    }
    if (end_ != WallTime{} && fragment.start - end_ > milliseconds(1)) {
      EXPECT_TRUE(told_) << "a hole of " << (fragment.start - end_).count() << " us that nobody told";
    }
    told_ = false;
    end_ = fragment.end;
    read_samples(fragment);
    return true;
  }
  void on_outage(Outage outage) override {
    EXPECT_TRUE(end_ == WallTime{} || outage.begin >= end_) << "an outage within footage";
    told_ = true;
  }

  bool refusing = false;
  uint64_t pictures = 0, refused = 0, checked = 0;
  Duration worst{0}, grace = milliseconds(1);
  uint64_t within_100ms_runs = 0, within_500ms_runs = 0;

 private:
  void read_samples(const Fragment& fragment) {
    const Bytes& bytes = *fragment.bytes;
    const auto trun = test::find_box(bytes, "moof/traf/trun");
    const auto mdat = test::find_box(bytes, "mdat");
    ASSERT_TRUE(trun && mdat);
    const auto flags = static_cast<uint32_t>(test::big_endian(*trun, 0, 4));
    const auto count = static_cast<std::size_t>(test::big_endian(*trun, 4, 4));
    ASSERT_EQ(count, fragment.frames);
    ASSERT_EQ(mdat->size(), count * kUnitBytes);
    const std::size_t width = (flags & 0x800) != 0 ? 16 : 12;
    int64_t ticks = fragment.decode_times[1].ticks;
    for (std::size_t i = 0; i < count; ++i) {
      const auto duration = static_cast<int64_t>(test::big_endian(*trun, 12 + i * width, 4));
      EXPECT_GT(duration, 0);
      const uint8_t* unit = mdat->data() + i * kUnitBytes;
      int64_t truth = 0;
      std::memcpy(&truth, unit + 16, sizeof truth);
      if (!check_host_clock(fragment, unit)) truth = kNoTruth;
      check_time(fragment, fragment.run->start + from_ticks(ticks, 90'000), truth);
      ticks += duration;
    }
    pictures += count;
  }
  /// Whether the run was begun under the clock the picture came under. One that a key picture finds out
  /// cannot go on.
  bool check_host_clock(const Fragment& fragment, const uint8_t* unit) {
    int32_t set_ms = 0;
    std::memcpy(&set_ms, unit + 8, sizeof set_ms);
    if (run_ != fragment.run) {
      run_ = fragment.run;
      run_set_ms_ = set_ms;
      keys_of_another_clock_ = 0;
    }
    if (set_ms == run_set_ms_) return true;
    const bool key = unit[4] == 0x65;
    if (key && std::abs(set_ms - run_set_ms_) > 1000) ++keys_of_another_clock_;
    // The step is believed when it was seen twice, so the first key picture may come too soon.
    EXPECT_LE(keys_of_another_clock_, 1)
        << "our clock was set by " << set_ms - run_set_ms_ << " ms, and the run goes on";
    return false;
  }
  void check_time(const Fragment& fragment, WallTime at, int64_t truth_us) {
    if (truth_us == kNoTruth) return;
    ++checked;
    const Duration error = std::chrono::abs(at - from_us(truth_us));
    worst = std::max(worst, error);
    // A picture's stamp is that of its tick, rounded; half a tick and a microsecond are nobody's error.
    // Where our clock is set while pictures are late, the run's own bound may be short of the truth.
    const Duration allowed = run_set_ms_ != 0 ? std::max<Duration>(grace, seconds(1)) : grace;
    EXPECT_LE(error, fragment.run->time_error + allowed) << "run " << to_us(fragment.run->start);
    if (fragment.run->time_error <= milliseconds(100)) ++within_100ms_runs;
    if (fragment.run->time_error <= milliseconds(500)) ++within_500ms_runs;
  }

  std::mt19937_64& random_;
  WallTime end_{};
  bool told_ = true;
  std::shared_ptr<const Run> run_;  // of the picture checked last
  int32_t run_set_ms_ = 0;          // of its first picture
  int keys_of_another_clock_ = 0;
};

/// What a camera is like besides what chance makes of it.
enum class Manners {
  any,         ///< all that cameras, networks and administrators do
  reports,     ///< nothing happens to it, and it sends sender reports
  silent,      ///< nothing happens to it, and it sends none
  miscounting  ///< likewise, and its ticks are not 90,000 a second: the rate it declares is not the rate it
               ///< delivers
};

/// One camera, one recorder, two minutes.
class World {
 public:
  explicit World(uint64_t seed, Manners manners = Manners::any)
      : calm_(manners != Manners::any), random_(seed) {
    reports_ = calm_ ? manners == Manners::reports : chance(0.7);
    fps_ = uniform(5, 30);
    ppm_ = uniform(-500, 500);
    group_ = static_cast<int>(fps_ * uniform(0.5, 8));
    encoder_ = milliseconds(static_cast<int64_t>(uniform(0, 250)));
    jitter_ms_ = chance(0.5) ? uniform(0, 80) : uniform(0, 10);
    own_ahead_ = milliseconds(static_cast<int64_t>(uniform(-6e5, 6e5)));
    ticks_ = chance(0.3) ? 4294967296.0 - uniform(0, 60) * kRate : uniform(0, 4e9);
    auditor.refusing = !calm_ && chance(0.2);
    host_steps_ = chance(0.15);
    if (manners == Manners::miscounting) {
      declared_ = uniform(0.83, 1.2);
      // It takes 3 s to find out, and the run has said its error by then: see the limits in
      // capture/README.md.
      auditor.grace = milliseconds(100);
    }
    for (int i = 0; i < 2; ++i) config_.push_back(make_config(i));
  }

  void run() {
    state_.started();
    connect();
    const SteadyTime end = clock.steady_now() + minutes(2);
    while (clock.steady_now() < end) {
      if (calm_ ? !report_if_due() : !disturb()) picture();
      advance(Duration(static_cast<int64_t>(1e6 / fps_)));
    }
    disconnect(GapCause::shutdown);
    EXPECT_LE(auditor.pictures + auditor.refused, sent_);
    EXPECT_GT(auditor.pictures, 0U);
  }

 private:
  static std::shared_ptr<const rtsp::VideoConfig> make_config(int number) {
    auto config = std::make_shared<rtsp::VideoConfig>();
    config->codec = rtsp::Codec::h264;
    config->record = {1, 0x64, 0, static_cast<uint8_t>(0x1E + number), 0xFF, 0xE0, 0};
    config->width = 640 * (number + 1);
    config->height = 360 * (number + 1);
    return config;
  }
  [[nodiscard]] double uniform(double from, double to) {
    return std::uniform_real_distribution<double>(from, to)(random_);
  }
  [[nodiscard]] bool chance(double p) { return uniform(0, 1) < p; }
  /// Of something that happens once in `mean` on average.
  [[nodiscard]] bool once_in(Duration mean) { return chance(1e6 / fps_ / static_cast<double>(mean.count())); }

  void connect() {
    state_.connecting("");
    builder_.begin_session(std::nullopt);
    since_key_ = group_;
    seen_set_ms_.reset();
    next_report_ = clock.steady_now() + milliseconds(static_cast<int64_t>(uniform(100, 5000)));
    received_ = blocked_until_ = clock.steady_now();
    if (!calm_ && chance(0.3)) send_stored(static_cast<int>(uniform(1, 3) * fps_));
  }
  void disconnect(GapCause cause) {
    on_the_way_.clear();
    builder_.end_session();
    state_.failed(cause, "");
  }
  /// What the camera had in store, from a key picture on, all at once.
  void send_stored(int count) {
    const double per_picture = kRate / fps_ * tick_rate();
    for (int i = count; i > 0; --i) {
      const WallTime filmed = clock.now() - Duration(static_cast<int64_t>(i * 1e6 / fps_));
      send(ticks_ - i * per_picture, filmed, Duration{0});
    }
  }

  [[nodiscard]] double tick_rate() const { return declared_ * (1 + ppm_ * 1e-6); }
  void advance(Duration duration) {
    clock.advance(duration);
    const double seconds_passed = static_cast<double>(duration.count()) * 1e-6;
    ticks_ += seconds_passed * kRate * tick_rate();
    own_drift_us_ += seconds_passed * ppm_;
    receive();
  }

  /// True: no picture this time.
  bool report_if_due() {
    if (reports_ && clock.steady_now() >= next_report_) report();
    return false;
  }
  bool disturb() {
    report_if_due();
    if (once_in(seconds(60))) reconnect();
    if (once_in(seconds(90))) own_ahead_ += milliseconds(static_cast<int64_t>(uniform(-9e4, 9e4)));
    if (once_in(seconds(90))) jump();
    if (once_in(seconds(60))) current_ = 1 - current_;
    if (once_in(seconds(60))) outlier();
    if (host_steps_ && once_in(seconds(60))) step_host_clock();
    if (once_in(seconds(30))) lost_ = static_cast<int>(uniform(1, 10));
    if (once_in(seconds(45))) {  // nothing comes, then all at once
      blocked_until_ = clock.steady_now() + milliseconds(static_cast<int64_t>(uniform(200, 5000)));
    }
    return lost_ > 0 && lost_-- > 0 && lose();
  }
  bool lose() { return after_gap_ = true; }
  void reconnect() {
    disconnect(GapCause::camera_unreachable);
    advance(milliseconds(static_cast<int64_t>(uniform(50, 20'000))));
    if (chance(0.5)) ticks_ = uniform(0, 4e9);
    connect();
  }
  /// The camera's ticks begin anew. Until the next key picture, pictures are in a run that does not know.
  void jump() {
    ticks_ = chance(0.5) ? 0 : uniform(0, 4e9);
    unknown_until_key_ = true;
  }
  void outlier() {
    const double hours_off = (chance(0.5) ? 1 : -1) * uniform(1, 12);
    unknown_ = true;
    send(ticks_ + hours_off * 3600 * kRate, clock.now(), encoder_);
    unknown_ = false;
    advance(Duration(static_cast<int64_t>(1e6 / fps_)));
  }
  void step_host_clock() {
    const auto step = static_cast<int32_t>(uniform(-20'000, 20'000));
    clock.step_wall(milliseconds(step));
    set_ms_ += step;
  }

  void report() {
    next_report_ += seconds(5);
    const WallTime own = clock.now() + own_ahead_ + Duration(static_cast<int64_t>(own_drift_us_));
    const uint32_t at = stamp(ticks_);
    deliver(Duration{0}, [this, own, at] { builder_.on_report(rtsp::Track::Kind::video, at, own); });
  }
  void picture() { send(ticks_, clock.now(), encoder_); }
  static uint32_t stamp(double ticks) {
    return static_cast<uint32_t>(static_cast<int64_t>(std::llround(ticks)));
  }

  void send(double ticks, WallTime filmed, Duration made_in) {
    const bool key = ++since_key_ >= group_;
    if (key) since_key_ = 0;
    if (key && !unknown_) unknown_until_key_ = false;
    const bool known = !unknown_ && !unknown_until_key_;
    rtsp::Unit unit;
    unit.rtp_time = stamp(ticks);
    unit.bytes = kUnitBytes;
    unit.key = key;
    unit.after_gap = std::exchange(after_gap_, false);
    unit.config = config_[static_cast<std::size_t>(current_)];
    ++sent_;
    // The truth is what our clock would have shown, had it been right then by what it shows when the picture
    // comes. A new setting is believed when it was seen twice, so the first picture after it still counts by
    // the old one.
    deliver(made_in, [this, unit, known, filmed = filmed - milliseconds(set_ms_)] {
      const int32_t believed = std::exchange(seen_set_ms_, set_ms_).value_or(set_ms_);
      const int64_t truth = known ? to_us(filmed + milliseconds(believed)) : kNoTruth;
      write_unit(builder_.video().payload(), unit.key, truth, believed);
      builder_.video().on_unit(unit);
    });
  }

  /// What leaves the camera after `made_in` is here later, and not before what left earlier.
  void deliver(Duration made_in, std::function<void()> what) {
    const SteadyTime leaves = clock.steady_now() + made_in;
    const Duration travel = milliseconds(2) + milliseconds(static_cast<int64_t>(uniform(0, jitter_ms_)));
    on_the_way_.emplace(leaves, std::pair{std::max(leaves + travel, blocked_until_), std::move(what)});
  }
  void receive() {
    const SteadyTime now = clock.steady_now();
    for (auto next = on_the_way_.begin(); next != on_the_way_.end(); next = on_the_way_.erase(next)) {
      const SteadyTime at = std::max({next->second.first, blocked_until_, received_});
      if (at > now) return;
      received_ = at;
      builder_.set_arrival({at, clock.now() - std::chrono::duration_cast<Duration>(now - at)});
      next->second.second();
    }
  }

 public:
  test::FakeClock clock;

 private:
  const bool calm_;
  std::mt19937_64 random_;

 public:
  Auditor auditor{random_};

 private:
  StreamState state_{"cam-1.main", clock, auditor};
  RunBuilder builder_{"cam-1.main", state_};
  std::vector<std::shared_ptr<const rtsp::VideoConfig>> config_;
  bool reports_ = false, host_steps_ = false;
  double fps_ = 25, ppm_ = 0, declared_ = 1, jitter_ms_ = 0, ticks_ = 0, own_drift_us_ = 0;
  int group_ = 25, since_key_ = 0, current_ = 0, lost_ = 0;
  Duration encoder_{0}, own_ahead_{0};
  SteadyTime next_report_, blocked_until_, received_;
  std::multimap<SteadyTime, std::pair<SteadyTime, std::function<void()>>> on_the_way_;  // by leaving
  bool after_gap_ = false, unknown_ = false, unknown_until_key_ = false;
  int32_t set_ms_ = 0;                  // by how much our clock was set so far
  std::optional<int32_t> seen_set_ms_;  // the same when the connection's last picture came
  uint64_t sent_ = 0;
};

/// What came of many worlds.
struct Sums {
  uint64_t checked = 0, precise = 0, bounded = 0, pictures = 0;
};

/// Stops at the first that fails, and says its seed.
Sums run_worlds(uint64_t seeds, Manners manners) {
  Sums sums;
  for (uint64_t seed = 1; seed <= seeds && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    World world(seed, manners);
    world.run();
    sums.checked += world.auditor.checked;
    sums.precise += world.auditor.within_100ms_runs;
    sums.bounded += world.auditor.within_500ms_runs;
    sums.pictures += world.auditor.pictures;
  }
  return sums;
}

TEST(CoreSimulation, NothingOverlapsNothingIsSilentAndTimesAreAsTrueAsTheySay) {
  const Sums sums = run_worlds(kSeeds, Manners::any);
  if (testing::Test::HasFailure()) return;
  EXPECT_GT(sums.pictures, kSeeds * 500U) << "the simulation must record something";
  EXPECT_GT(sums.checked, sums.pictures / 2);
  EXPECT_GT(sums.precise, sums.checked / 10) << "and much of it with the help of reports";
  EXPECT_GT(sums.bounded, sums.checked * 3 / 4) << "whatever happens, most is true to half a second";
}

TEST(CoreSimulation, WithSenderReportsTimesAreTrueTo100ms) {
  const Sums sums = run_worlds(kCalmSeeds, Manners::reports);
  if (testing::Test::HasFailure()) return;
  EXPECT_EQ(sums.bounded, sums.checked);
  EXPECT_GT(sums.precise, sums.checked / 2) << "from the fourth report on, after 20 s of 120";
}

TEST(CoreSimulation, WithoutSenderReportsTimesAreTrueTo500ms) {
  const Sums sums = run_worlds(kCalmSeeds, Manners::silent);
  if (testing::Test::HasFailure()) return;
  EXPECT_EQ(sums.checked, sums.pictures);
  EXPECT_EQ(sums.bounded, sums.checked);
}

TEST(CoreSimulation, ARateThatIsNotTheOneDeclaredCostsNoTruth) {
  const Sums sums = run_worlds(kCalmSeeds, Manners::miscounting);
  if (testing::Test::HasFailure()) return;
  EXPECT_EQ(sums.checked, sums.pictures);
}

}  // namespace
}  // namespace mj::capture
