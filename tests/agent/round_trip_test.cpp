// From a pixel on a desktop to the file on the server's disk and back: the agent's Screen on a real X
// display, its spool and uplink, the real server and store, and a decoder that knows none of them.
#include <gtest/gtest.h>

#include <set>

#include "capture/agent/enrolment.h"
#include "capture/agent/screen.h"
#include "capture/agent/uplink.h"
#include "tests/agent/stored_pictures.h"
#include "tests/agent/x_window.h"
#include "tests/server/agent_key.h"
#include "tests/server/hall.h"
#include "tests/support/child.h"

namespace mj::test {
namespace {

using std::chrono::seconds;

/// The clerk's: it goes on by five seconds from look to look.
class StepClock final : public Clock {
 public:
  explicit StepClock(WallTime start) : now_(start) {}
  [[nodiscard]] WallTime now() const override { return now_; }
  [[nodiscard]] SteadyTime steady_now() const override { return steady_; }
  void advance(Duration step) {
    now_ += step;
    steady_ += step;
  }

 private:
  WallTime now_;
  SteadyTime steady_{std::chrono::hours(1)};
};

class ScreenRoundTrip : public testing::Test {
 protected:
  void SetUp() override {
    const auto state = hall_.folder.path() / "agent";
    const auto enrolment = agent::enrol({.server = hall_.url(),
                                         .code = enrolment_code(hall_, "ws-1"),
                                         .ca_file = hall_.certificate(),
                                         .state_directory = state});
    ASSERT_TRUE(enrolment) << enrolment.error().message;
    files_ = agent::open_spool_folder(state / "spool").value();
    spool_ = agent::Spool::open(*files_, enrolment->key.seed(), {}).value();
    uplink_ = agent::Uplink::start({.server = enrolment->server,
                                    .ca_file = enrolment->ca_file,
                                    .workstation = enrolment->workstation,
                                    .key = enrolment->key},
                                   hall_.clock, *spool_, timekeeper_)
                  .value();
    window_.set_title("20261121-100137 受理 - 政务服务审批系统");
    window_.activate();
    window_.fill(0xF8F4EC);
    window_.move_pointer(600, 400);
  }

  /// One look; a shot's digest is remembered.
  void look() {
    clock_.advance(seconds(5));
    auto seen = screen_.look(spool_->key_due());
    ASSERT_TRUE(seen);
    seen->entry.at = seen->entry.agent_time;
    if (seen->entry.kind == agent::EntryKind::shot) shots_.push_back(seen->entry.input_sha256);
    ASSERT_TRUE(spool_->append(std::move(seen->entry)));
    uplink_->wake();
  }
  /// All that was looked at is in closed files.
  void deliver() {
    ASSERT_TRUE(uplink_->drain(seconds(30))) << uplink_->state().trouble;
    hall_.stop_server();
    hall_.recorder->stop();
  }

  Hall hall_;
  Xvfb display_;
  XWindow window_{display_.display(), "Approval"};
  StepClock clock_{hall_.clock.now() - std::chrono::hours(1)};
  agent::Timekeeper timekeeper_{hall_.clock, {}};
  std::unique_ptr<agent::SpoolFiles> files_;
  std::unique_ptr<agent::Spool> spool_;
  std::unique_ptr<agent::Uplink> uplink_;
  agent::Screen screen_ = std::move(*agent::Screen::create({.display = display_.display()}, clock_));
  std::vector<std::string> shots_;
};

TEST_F(ScreenRoundTrip, EveryShotComesBackFromTheStoreBitForBit) {
  look();
  window_.type(20, 40, "A");  // one character
  look();
  window_.type(28, 40, "B");
  look();
  look();  // the same
  window_.fill_pixel(77, 33, 0xF804EC);
  look();
  window_.screen_saver(true);
  look();  // locked
  window_.screen_saver(false);
  look();
  window_.resize_desktop(320, 200);
  look();
  window_.fill(0x336699);
  look();
  ASSERT_EQ(shots_.size(), 7U);
  deliver();

  std::vector<std::string> said;
  for (const auto& file : stored_files(hall_.settings.stores[0].path, "ws-1.screen")) {
    const StoredPictures pictures = stored_pictures(file);
    EXPECT_EQ(pictures.wrong, 0U) << file;
    said.insert(said.end(), pictures.said.begin(), pictures.said.end());
  }
  EXPECT_EQ(said, shots_);
  EXPECT_EQ(std::set(shots_.begin(), shots_.end()).size(), shots_.size() - 1)
      << "each edit is a picture of its own; only the one after the lock is as before it";
}

}  // namespace
}  // namespace mj::test
