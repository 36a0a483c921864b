// mingjing-agent as it is run: a real X display in, a real TLS connection out, its shots decoded.
#include <gmock/gmock.h>

#include <csignal>
#include <fstream>
#include <optional>
#include <sstream>

#include "tests/agent/fake_intake.h"
#include "tests/agent/h264_decoder.h"
#include "tests/agent/x_window.h"
#include "tests/support/child.h"

namespace mj::agent {
namespace {

using testing::HasSubstr;
using testing::Not;

class AgentProgram : public testing::Test {
 protected:
  AgentProgram() {
    setenv("LSAN_OPTIONS", "detect_leaks=0", 0);  // for the program, in a build that looks: see leaks.cpp
    window_.emplace(server_.display(), "Approval");
    window_->set_title("20261121-100137 受理 - 政务服务审批系统");
    window_->activate();
    window_->fill(0xC8102E);
  }

  void start(int interval_seconds, const std::vector<std::string>& more = {}) {
    std::vector<std::string> argv{MJ_AGENT_PROGRAM,
                                  "--server",
                                  intake_.url(),
                                  "--ca-file",
                                  intake_.ca_file(),
                                  "--token-file",
                                  intake_.token_file(),
                                  "--workstation",
                                  "ws-w1",
                                  "--interval",
                                  std::to_string(interval_seconds),
                                  "--display",
                                  server_.display(),
                                  "--log-level",
                                  "debug"};
    argv.insert(argv.end(), more.begin(), more.end());
    agent_.emplace(argv, log_file_);
  }

  std::string log() const {
    std::ostringstream text;
    text << std::ifstream(log_file_).rdbuf();
    return text.str();
  }

  int stop() {
    agent_->signal(SIGTERM);
    return agent_->wait();
  }

  test::FakeIntake intake_;
  const std::filesystem::path log_file_ = intake_.folder().path() / "agent.log";
  test::Xvfb server_;
  std::optional<test::XWindow> window_;
  std::optional<test::Child> agent_;
};

TEST_F(AgentProgram, SendsWhatIsOnTheScreenWithItsFacts) {
  start(1);
  const auto shots = intake_.wait_for_shots(3);
  EXPECT_EQ(stop(), 0);
  EXPECT_EQ(intake_.complaints(), "");
  test::H264Decoder decoder(shots[0].avc_config);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(shots[i].text("title"), "20261121-100137 受理 - 政务服务审批系统");
    EXPECT_EQ(shots[i].text("program"), "Approval");
    EXPECT_NE(shots[i].text("user"), "");
    EXPECT_GE(shots[i].number("idle_ms"), 0);
    EXPECT_EQ(shots[i].number("nominal_ms"), 1000);
    const auto picture = decoder.decode(shots[i].access_unit);
    EXPECT_EQ(picture.sha256, shots[i].text("input_sha256"));
    EXPECT_EQ(picture.width, 640);
    EXPECT_NEAR(picture.rgb(50, 20)[0], 0xC8, 1);
  }
  EXPECT_TRUE(shots[0].key());
  const double spacing =
      static_cast<double>(shots[2].number("agent_time_us") - shots[1].number("agent_time_us"));
  EXPECT_NEAR(spacing, 1e6, 0.4e6);
  EXPECT_LT(std::abs(shots[2].number("offset_us")), 1'000'000);
}

TEST_F(AgentProgram, ShootsAtOnceWhenTheTitleChanges) {
  start(600);
  intake_.wait_for_shots(1);
  window_->set_title("20261121-100138 补正");
  window_->fill(0x00FF00);
  const auto shots = intake_.wait_for_shots(2);
  EXPECT_EQ(shots[1].text("title"), "20261121-100138 补正");
  EXPECT_GE(shots[1].number("agent_time_us") - shots[0].number("agent_time_us"), 990'000);
}

TEST_F(AgentProgram, NeverLogsItsToken) {
  intake_.refuse_next({test::answer(401, std::string(R"({"error":{"message":"no such token"}})"))});
  start(1);
  intake_.wait_for_refusals(1);
  EXPECT_EQ(stop(), 0);
  EXPECT_THAT(log(), Not(HasSubstr(test::FakeIntake::kToken)));
}

TEST_F(AgentProgram, BeginsWithAKeyFrameAfterTheServerWasAway) {
  start(1);
  intake_.wait_for_shots(2);
  intake_.refuse_next({test::answer(503, "{}"), test::answer(503, "{}")});
  intake_.wait_for_refusals(2);
  const std::size_t before = intake_.wait_for_shots(1).size();
  const auto shots = intake_.wait_for_shots(before + 2);
  ASSERT_TRUE(shots[before].key());
  test::H264Decoder decoder(shots[before].avc_config);
  for (std::size_t i = before; i < before + 2; ++i) {
    EXPECT_EQ(decoder.decode(shots[i].access_unit).sha256, shots[i].text("input_sha256"));
  }
  EXPECT_THAT(log(), HasSubstr("503"));
}

TEST_F(AgentProgram, OutlivesTheDisplayAndRecordsTheNextOne) {
  start(1);
  const std::size_t before = intake_.wait_for_shots(1).size();
  window_.reset();
  server_.kill();
  while (log().find("screen: ") == std::string::npos) usleep(20'000);
  const test::Xvfb again(server_.display());
  const auto shots = intake_.wait_for_shots(before + 2);
  EXPECT_TRUE(shots.back().number("agent_time_us") > shots.front().number("agent_time_us"));
  EXPECT_EQ(stop(), 0);
}

TEST_F(AgentProgram, SaysWhatIsWrongWithItsOptions) {
  const auto run = [&](const std::vector<std::string>& argv) {
    std::filesystem::remove(log_file_);
    return test::Child(argv, log_file_).wait();
  };
  EXPECT_EQ(run({MJ_AGENT_PROGRAM, "--help"}), 0);
  EXPECT_THAT(log(), HasSubstr("--token-file"));
  EXPECT_EQ(run({MJ_AGENT_PROGRAM, "--workstation", "WS 1"}), 2);
  EXPECT_EQ(run({MJ_AGENT_PROGRAM, "--server", "http://x", "--workstation", "w", "--token-file",
                 intake_.token_file()}),
            1);
  EXPECT_THAT(log(), HasSubstr("https"));
  EXPECT_EQ(run({MJ_AGENT_PROGRAM, "--server", "https://x", "--workstation", "w", "--token-file",
                 "/nonexistent/token"}),
            1);
  EXPECT_THAT(log(), HasSubstr("/nonexistent/token"));
}

}  // namespace
}  // namespace mj::agent
