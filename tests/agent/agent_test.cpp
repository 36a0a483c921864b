// mingjing-agent as it is run: a real X display in, a real TLS connection out, its shots decoded.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>
#include <optional>
#include <sstream>

#include "tests/agent/fake_intake.h"
#include "tests/agent/h264_decoder.h"
#include "tests/agent/notifications.h"
#include "tests/agent/x_window.h"
#include "tests/support/child.h"

namespace mj::agent {
namespace {

using testing::HasSubstr;
using testing::Not;
using Entries = std::vector<test::ReceivedEntry>;

constexpr int kNotRecording = 3;

std::string content(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

std::string last_state(const Entries& entries) {
  return entries.empty() || entries.back().kind() != "state" ? "" : entries.back().text("state");
}

class AgentProgram : public testing::Test {
 protected:
  AgentProgram() {
    setenv("LSAN_OPTIONS", "detect_leaks=0", 0);  // for the program, in a build that looks: see leaks.cpp
    window_.emplace(server_.display(), "Approval");
    window_->set_title("20261121-100137 受理 - 政务服务审批系统");
    window_->activate();
    window_->fill(0xC8102E);
  }
  void TearDown() override { EXPECT_EQ(intake_.complaints(), ""); }

  std::vector<std::string> argv(const std::string& command, const std::vector<std::string>& more) const {
    std::vector<std::string> all{MJ_AGENT_PROGRAM, command, "--state-directory", state_};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  /// Runs a command to its end.
  int call(const std::string& command, const std::vector<std::string>& more = {}) {
    std::filesystem::remove(said_);
    return test::Child(argv(command, more), said_).wait();
  }
  std::string said() const { return content(said_); }
  int enrol(const std::string& code = test::FakeIntake::kCode) {
    return call("enrol", {"--server", intake_.url(), "--ca-file", intake_.ca_file(), "--code", code});
  }
  void start(int interval_seconds) {
    if (!std::filesystem::exists(state_ / "enrolment.json")) ASSERT_EQ(enrol(), 0) << said();
    agent_.emplace(argv("run", {"--interval", std::to_string(interval_seconds), "--display",
                                server_.display(), "--log-level", "debug"}),
                   log_file_);
  }
  std::string log() const { return content(log_file_); }
  int stop() {
    agent_->signal(SIGTERM);
    return agent_->wait();
  }

  test::FakeIntake intake_;
  const std::filesystem::path state_ = intake_.folder().path() / "state" / "mingjing-agent";
  const std::filesystem::path log_file_ = intake_.folder().path() / "agent.log";
  const std::filesystem::path said_ = intake_.folder().path() / "said";
  test::Xvfb server_;
  std::optional<test::XWindow> window_;
  std::optional<test::Child> agent_;
};

TEST_F(AgentProgram, SendsWhatIsOnTheScreenWithItsFacts) {
  start(1);
  const auto entries = intake_.wait_for_entries(3);
  EXPECT_EQ(stop(), 0);
  const auto& shot = entries[0];
  EXPECT_EQ(shot.number, 1U);
  EXPECT_EQ(shot.previous, std::string(64, '0'));
  EXPECT_TRUE(shot.key());
  EXPECT_EQ(shot.text("title"), "20261121-100137 受理 - 政务服务审批系统");
  EXPECT_EQ(shot.text("program"), "Approval");
  EXPECT_NE(shot.text("user"), "");
  EXPECT_EQ(shot.count("nominal_ms"), 1000);
  EXPECT_EQ(shot.count("configured_ms"), 1000);
  EXPECT_EQ(shot.facts.at("monitors").as_array().size(), 1U);
  test::H264Decoder decoder(shot.avc_config);
  const auto picture = decoder.decode(shot.access_unit);
  EXPECT_EQ(picture.sha256, shot.text("input_sha256"));
  EXPECT_EQ(picture.width, 640);
  EXPECT_NEAR(picture.rgb(50, 20)[0], 0xC8, 1);
  EXPECT_EQ(entries[1].kind(), "same");
  EXPECT_NEAR(static_cast<double>(entries[2].count("at_us") - entries[1].count("at_us")), 1e6, 0.4e6);
  EXPECT_LT(std::abs(entries[2].count("offset_us")), 1'000'000);
  EXPECT_LT(entries[2].count("error_us"), 1'000'000);
}

TEST_F(AgentProgram, ShootsAtOnceWhenTheTitleChanges) {
  start(600);
  intake_.wait_for_entries(1);
  window_->set_title("20261121-100138 补正");
  window_->fill(0x00FF00);
  const auto entries = intake_.wait_for_entries(2);
  EXPECT_EQ(entries[1].text("title"), "20261121-100138 补正");
  EXPECT_GE(entries[1].count("at_us") - entries[0].count("at_us"), 990'000);
}

TEST_F(AgentProgram, LosesNothingWhileTheServerIsAwayAndItIsKilled) {
  start(1);
  intake_.wait_for_entries(2);
  intake_.refuse_next(std::vector<test::Reply>(1000, test::answer(503, "{}")));
  intake_.wait_for_refusals(2);
  agent_->signal(SIGKILL);
  agent_->wait();
  usleep(1'300'000);  // longer than the last entry stands for: what follows is an absence
  start(1);
  intake_.wait_for_refusals(3);
  intake_.refuse_next({});
  const auto resumed = [](const Entries& entries) {
    return std::ranges::any_of(entries, [&](const auto& entry) {
      return entry.kind() == "state" && entry.number + 2 <= entries.back().number;
    });
  };
  const auto entries = intake_.wait_until(resumed);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    EXPECT_EQ(entries[i].number, i + 1);
    if (i > 0) EXPECT_EQ(entries[i].previous, entries[i - 1].chain);
    if (entries[i].kind() == "state") EXPECT_EQ(entries[i].text("state"), "agent_stopped");
  }
  EXPECT_TRUE(intake_.missing().empty());
}

TEST_F(AgentProgram, SaysWhenItStops) {
  start(1);
  intake_.wait_for_entries(1);
  EXPECT_EQ(stop(), 0);
  EXPECT_EQ(last_state(intake_.wait_for_entries(2)), "agent_stopped");
  EXPECT_EQ(call("status"), kNotRecording);
  EXPECT_THAT(said(), HasSubstr("未在记录"));
}

TEST_F(AgentProgram, PausesForAReasonThatIsRecorded) {
  start(1);
  intake_.wait_for_entries(1);
  EXPECT_NE(call("pause"), 0) << "no reason";
  EXPECT_NE(call("pause", {"--reason", "  "}), 0);
  EXPECT_NE(call("pause", {"--reason", "x", "--for", "5h"}), 0);
  EXPECT_EQ(call("pause", {"--reason", "医疗隐私", "--for", "15m"}), 0);
  const auto paused = intake_.wait_until([](const auto& all) { return last_state(all) == "paused"; });
  EXPECT_EQ(paused.back().text("detail"), "医疗隐私");
  EXPECT_NE(paused.back().text("by"), "");
  EXPECT_EQ(call("status"), kNotRecording);
  EXPECT_THAT(said(), HasSubstr("医疗隐私"));
  EXPECT_EQ(call("resume"), 0);
  const auto after = intake_.wait_for_number(paused.back().number + 2);
  EXPECT_EQ(after[paused.size()].kind(), "shot");
  EXPECT_EQ(call("status"), 0) << said();
  EXPECT_THAT(said(), HasSubstr("正在记录"));
}

TEST_F(AgentProgram, TellsThePersonAtTheScreenWhetherItRecords) {
  const test::MessageBus bus;
  test::Notifications desktop(bus);
  setenv("DBUS_SESSION_BUS_ADDRESS", bus.address().c_str(), 1);
  start(1);
  unsetenv("DBUS_SESSION_BUS_ADDRESS");
  const auto reads = [&](const std::string& wanted) {
    for (int tries = 0; tries < 500; ++tries) {
      const auto standing = desktop.standing();
      const std::string text = standing.size() == 1 ? standing.begin()->second : "";
      if (wanted.empty() ? standing.empty() : text.find(wanted) != std::string::npos) return true;
      usleep(20'000);
    }
    return false;
  };
  EXPECT_TRUE(reads("正在记录本机屏幕"));
  EXPECT_EQ(call("pause", {"--reason", "医疗隐私", "--for", "15m"}), 0);
  EXPECT_TRUE(reads("已暂停记录本机屏幕 | 原因: 医疗隐私"));
  EXPECT_EQ(call("resume"), 0);
  EXPECT_TRUE(reads("正在记录本机屏幕"));
  EXPECT_EQ(stop(), 0);
  EXPECT_TRUE(reads(""));
}

TEST_F(AgentProgram, SaysThatItWasRevokedAndGoesOnRecording) {
  start(1);
  intake_.wait_for_entries(1);
  intake_.revoke();
  const auto revoked = [&] { return call("status") == 0 && said().find("revoked") != std::string::npos; };
  for (int tries = 0; tries < 200 && !revoked(); ++tries) usleep(100'000);
  EXPECT_TRUE(revoked()) << said();
}

TEST_F(AgentProgram, KeepsItsSecretsToItself) {
  start(1);
  intake_.wait_for_entries(2);
  EXPECT_EQ(stop(), 0);
  EXPECT_THAT(log(), Not(HasSubstr("session-")));
  struct stat status {};
  ASSERT_EQ(stat(state_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
  ASSERT_EQ(stat((state_ / "agent.key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(AgentProgram, OutlivesTheDisplayAndRecordsTheNextOne) {
  start(1);
  intake_.wait_for_entries(1);
  window_.reset();
  server_.kill();
  const auto dark = intake_.wait_until([](const auto& all) { return last_state(all) == "no_display"; });
  const test::Xvfb again(server_.display());
  const auto entries = intake_.wait_for_number(dark.back().number + 1);
  EXPECT_TRUE(entries[dark.size()].key());
  EXPECT_EQ(stop(), 0);
}

TEST_F(AgentProgram, IsEnrolledOnceByACodeThatTheServerKnows) {
  EXPECT_EQ(call("run"), 1);
  EXPECT_THAT(said(), HasSubstr("mingjing agent enrol"));
  EXPECT_EQ(enrol("WRONG"), 1);
  EXPECT_THAT(said(), HasSubstr("this code is not known"));
  EXPECT_EQ(call("status"), 1);
  EXPECT_EQ(enrol(), 0) << said();
  EXPECT_THAT(said(), HasSubstr("ws-w1"));
  EXPECT_EQ(enrol(), 1);
  EXPECT_THAT(said(), HasSubstr("enrolled as ws-w1 already"));
  EXPECT_EQ(call("status"), kNotRecording);
}

TEST_F(AgentProgram, RunsOnceForOneStateDirectory) {
  start(1);
  intake_.wait_for_entries(1);
  EXPECT_EQ(call("run"), 1);
  EXPECT_THAT(said(), HasSubstr("an agent runs"));
}

TEST_F(AgentProgram, ReadsItsSettingsFromAFile) {
  ASSERT_EQ(enrol(), 0);
  const auto file =
      intake_.folder().file("agent.conf", "interval = 2\ndisplay = \"" + server_.display() + "\"\n");
  agent_.emplace(argv("run", {"--config", file}), log_file_);
  EXPECT_EQ(intake_.wait_for_entries(1)[0].count("configured_ms"), 2000);
}

TEST_F(AgentProgram, SaysWhatIsWrongWithItsOptions) {
  EXPECT_EQ(call("--help"), 0);
  EXPECT_THAT(said(), HasSubstr("--interval"));
  EXPECT_EQ(call("run", {"--interval", "0"}), 2);
  EXPECT_EQ(call("enrol", {"--server", "http://x", "--code", "A"}), 1);
  EXPECT_THAT(said(), HasSubstr("https"));
}

}  // namespace
}  // namespace mj::agent
