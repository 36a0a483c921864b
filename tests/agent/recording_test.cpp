// The agent in this process, on a real display, with a disk that fails when it is told to.
#include <gmock/gmock.h>

#include <thread>

#include "capture/agent/agent.h"
#include "tests/agent/fake_intake.h"
#include "tests/agent/faulty_files.h"
#include "tests/agent/x_window.h"
#include "tests/support/child.h"

namespace mj::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

/// The machine's clock, and what a test lets pass besides.
class PassingClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return real_.now() + passed_.load(); }
  [[nodiscard]] SteadyTime steady_now() const override { return real_.steady_now() + passed_.load(); }
  void pass(Duration time) { passed_ = passed_.load() + time; }

 private:
  const SystemClock real_;
  std::atomic<Duration> passed_{Duration(0)};
};

bool is_state(const test::ReceivedEntry& entry, const std::string& state) {
  return entry.kind() == "state" && entry.text("state") == state;
}

class Recording : public testing::Test {
 protected:
  Recording() { intake_.know(key_.public_key()); }
  ~Recording() override { stop(); }

  void start(seconds interval = seconds(1)) {
    uplink_ =
        Uplink::start(
            {.server = intake_.url(), .ca_file = intake_.ca_file(), .workstation = "ws-w1", .key = key_},
            clock_, *spool_, timekeeper_)
            .value();
    ScreenSettings screen;
    screen.display = display_.display();
    screen.interval = interval;
    auto agent = Agent::create({.screen = screen,
                                .state_directory = intake_.folder().path(),
                                .server = "https://hall",
                                .workstation = "ws-w1"},
                               {clock_, timekeeper_, *spool_, *uplink_});
    ASSERT_TRUE(agent.has_value());
    thread_ = std::jthread([this, agent = std::move(*agent)](const std::stop_token& stop) mutable {
      try {
        agent.run(stop);
      } catch (const test::FaultyFiles::PowerCut&) {
        died_ = true;
        died_.notify_all();
      }
    });
  }
  void stop() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
  }
  Status wait_for_status(const std::function<bool(const Status&)>& wanted) {
    for (int tries = 0; tries < 1000; ++tries) {
      const auto status = read_status(intake_.folder().path());
      if (status && wanted(*status)) return *status;
      std::this_thread::sleep_for(milliseconds(20));
    }
    ADD_FAILURE() << "the status never said so";
    return {};
  }

  test::FakeIntake intake_;
  test::Xvfb display_;
  PassingClock clock_;
  const SigningKey key_ = SigningKey::generate().value();
  Timekeeper timekeeper_{clock_, {}};
  test::FaultyFiles files_;
  std::unique_ptr<Spool> spool_ = Spool::open(files_, key_.seed(), {}).value();
  std::unique_ptr<Uplink> uplink_;
  std::atomic<bool> died_ = false;
  std::jthread thread_;
};

TEST_F(Recording, SaysSinceWhenAndWhyNothingCouldBeKept) {
  start();
  const auto before = intake_.wait_for_entries(2);
  files_.disk_full = true;
  const Status full = wait_for_status([](const Status& status) { return !status.recording; });
  EXPECT_THAT(full.why, HasSubstr("quota"));
  EXPECT_FALSE(report_status(full, true, full.updated).recording);
  std::this_thread::sleep_for(milliseconds(1500));
  const WallTime mended = clock_.now();
  files_.disk_full = false;
  const auto has_state = [](const auto& entries) {
    return std::ranges::any_of(entries, [](const auto& entry) { return entry.kind() == "state"; }) &&
           entries.back().kind() != "state";
  };
  const auto entries = intake_.wait_until(has_state);
  const auto state = std::ranges::find_if(entries, [](const auto& entry) { return entry.kind() == "state"; });
  EXPECT_EQ(state->text("state"), "agent_stopped");
  EXPECT_THAT(state->text("detail"), HasSubstr("quota"));
  EXPECT_LT(state->count("at_us"), to_us(mended - seconds(1)))
      << "from when it failed, not from when it was mended";
  EXPECT_TRUE(std::next(state)->key());
  for (std::size_t i = 0; i < entries.size(); ++i) EXPECT_EQ(entries[i].number, i + 1);
  EXPECT_TRUE(wait_for_status([](const Status& status) { return status.recording; }).why.empty());
  EXPECT_EQ(intake_.complaints(), "");
}

TEST_F(Recording, LooksLessOftenWhenRoomIsScarceAndSaysSo) {
  files_.room = 100'000'000;  // half of it is a tenth of the budget
  start();
  const auto entries = intake_.wait_for_entries(1);
  EXPECT_EQ(entries[0].count("configured_ms"), 1000);
  EXPECT_EQ(entries[0].count("nominal_ms"), 8000);
  const Status status = wait_for_status([](const Status& s) { return s.thinning == 8 && s.recording; });
  EXPECT_THAT(report_status(status, true, status.updated).text, HasSubstr("thinned"));
}

TEST_F(Recording, AttestsNoMoreThanTenMinutesHoweverRarelyItLooks) {
  files_.room = 30'000'000;  // 15 MB of 500
  start();
  EXPECT_EQ(intake_.wait_for_entries(1)[0].count("nominal_ms"), 600'000);
}

/// An agent that ends in the middle of writing a state: killed, when the kernel still has what it wrote; or
/// with its machine, when nobody knows how much of it is on the disk.
struct Crash {
  const char* name;
  std::string state;
  bool power;
};

class CrashWindow : public Recording, public testing::WithParamInterface<Crash> {
 protected:
  /// Brings the state about, as it comes about in life.
  void provoke(const std::string& state) {
    if (state == "agent_stopped") {
      thread_.request_stop();
    } else if (state == "paused") {
      const WallTime now = clock_.now();
      ASSERT_TRUE(
          ask_for_pause(intake_.folder().path(), {"隐私", "clerk", now + std::chrono::hours(2)}, now));
    } else {
      window_.screen_saver(true);
      window_.set_title("another look");
      window_.activate();
    }
  }
  void crash() {
    died_.wait(false);
    thread_.join();
    uplink_.reset();
    std::mt19937 random(7);
    if (GetParam().power) files_.power_returns(random);
    spool_ = Spool::open(files_, key_.seed(), {}).value();
  }

  test::XWindow window_{display_.display(), "Approval"};
};
INSTANTIATE_TEST_SUITE_P(Agent, CrashWindow,
                         testing::Values(Crash{"KilledAtAPause", "paused", false},
                                         Crash{"PowerCutAtAPause", "paused", true},
                                         Crash{"KilledAtALock", "locked", false},
                                         Crash{"PowerCutAtALock", "locked", true},
                                         Crash{"KilledAtTheEnd", "agent_stopped", false},
                                         Crash{"PowerCutAtTheEnd", "agent_stopped", true}),
                         [](const auto& info) { return info.param.name; });

TEST_P(CrashWindow, LosesNeitherTheStateNorANumber) {
  start(seconds(600));  // nothing but states after the first picture
  intake_.wait_for_entries(1);
  files_.cut_power_before_sync();
  provoke(GetParam().state);
  crash();
  clock_.pass(std::chrono::hours(1));
  intake_.set_clock(std::chrono::hours(1));
  start(seconds(600));
  const bool ended = GetParam().state == "agent_stopped";
  const auto entries = intake_.wait_until([&](const auto& all) {
    if (all.size() < 3) return false;
    return ended ? all.back().kind() == "shot" : is_state(all.back(), GetParam().state);
  });
  for (std::size_t i = 1; i < entries.size(); ++i) {
    EXPECT_EQ(entries[i].number, i + 1);
    EXPECT_EQ(entries[i].previous, entries[i - 1].chain) << i;
    EXPECT_EQ(entries[i].kind(), ended && i + 1 == entries.size() ? "shot" : "state")
        << "no footage is claimed of the time in between";
  }
  const auto absent = [](const auto& entry) { return is_state(entry, "agent_stopped"); };
  EXPECT_TRUE(std::ranges::any_of(entries, absent));
  EXPECT_TRUE(intake_.missing().empty());
  EXPECT_EQ(intake_.complaints(), "");
}

TEST(StatusReport, TellsAnAgentThatHangsOrIsGoneFromOneThatRecords) {
  Status status;
  status.updated = status.alive = from_us(1'800'000'000'000'000);
  status.recording = true;
  EXPECT_TRUE(report_status(status, true, status.updated + seconds(5)).recording);
  EXPECT_THAT(report_status(status, true, status.updated).text, HasSubstr("正在记录"));
  const auto hangs = report_status(status, true, status.updated + seconds(60));
  EXPECT_FALSE(hangs.recording);
  EXPECT_THAT(hangs.text, HasSubstr("does not answer"));
  EXPECT_THAT(report_status(status, false, status.updated).text, HasSubstr("未在记录"));
  EXPECT_FALSE(report_status(fail(ErrorKind::not_found, "no file"), true, status.updated).recording);
}

TEST(StatusReport, SaysThatADamagedFileIsDamaged) {
  const test::TemporaryDirectory folder;
  (void)folder.file("status.json", R"({"updated_us":"x"})");
  EXPECT_EQ(read_status(folder.path()).error().kind, ErrorKind::corrupt);
}

TEST(Pause, NeedsAReasonEndsByItselfAndNeverLastsLongerThanAnyMay) {
  const test::TemporaryDirectory folder;
  const WallTime now = from_us(1'800'000'000'000'000);
  EXPECT_FALSE(current_pause(folder.path(), now));
  EXPECT_FALSE(ask_for_pause(folder.path(), {"", "clerk", now + seconds(60)}, now).has_value());
  EXPECT_FALSE(ask_for_pause(folder.path(), {"x", "clerk", now + std::chrono::hours(5)}, now).has_value());
  ASSERT_TRUE(ask_for_pause(folder.path(), {"隐私", "clerk", now + seconds(60)}, now).has_value());
  EXPECT_EQ(current_pause(folder.path(), now + seconds(59))->reason, "隐私");
  EXPECT_FALSE(current_pause(folder.path(), now + seconds(60)));
  EXPECT_EQ(end_pause(folder.path()), false) << "it was taken away";
  ASSERT_TRUE(ask_for_pause(folder.path(), {"x", "clerk", now + seconds(60)}, now).has_value());
  EXPECT_FALSE(current_pause(folder.path(), now - std::chrono::hours(24))) << "the clock was set back";
  (void)folder.file("pause.json", "{");
  EXPECT_FALSE(current_pause(folder.path(), now));
}

}  // namespace
}  // namespace mj::agent
