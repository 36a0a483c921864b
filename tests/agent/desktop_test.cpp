// What the agent reads from a real X server: titles, programs, monitors, idle time, screen savers; and what
// it survives.
#include "capture/agent/desktop.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <csignal>

#include "tests/agent/x_window.h"
#include "tests/support/child.h"

namespace mj::agent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

class DesktopTest : public testing::Test {
 protected:
  Foreground foreground() {
    auto result = desktop_.foreground();
    EXPECT_TRUE(result) << (result ? "" : result.error().message);
    return result.value_or(Foreground{});
  }

  test::Xvfb server_;
  test::XWindow window_{server_.display(), "Approval"};
  Desktop desktop_{server_.display()};
};

TEST_F(DesktopTest, ReadsTitleAndProgramOfTheActiveWindow) {
  window_.set_title("20261121-100137 受理 - 政务服务审批系统");
  window_.activate();
  EXPECT_EQ(foreground(), (Foreground{"20261121-100137 受理 - 政务服务审批系统", "Approval"}));
  window_.set_title("待办列表");
  EXPECT_EQ(foreground().title, "待办列表");
}

TEST_F(DesktopTest, ReadsOldStyleTitles) {
  window_.set_old_title("Caf\xE9");
  window_.activate();
  EXPECT_EQ(foreground().title, "Café");
}

TEST_F(DesktopTest, FallsBackToTheFocusWithoutAWindowManager) {
  window_.set_title("无窗口管理器");
  window_.activate_nothing_but_focus_a_child();
  EXPECT_EQ(foreground(), (Foreground{"无窗口管理器", "Approval"}));
}

TEST_F(DesktopTest, CutsLongTitlesAndMendsBadOnes) {
  std::string longest;
  for (int i = 0; i < 300; ++i) longest += "理";
  window_.activate();
  window_.set_title(longest);
  EXPECT_EQ(foreground().title, longest.substr(0, 510));
  window_.set_raw_title("a\xFF");
  EXPECT_EQ(foreground().title, "a\uFFFD");
}

TEST_F(DesktopTest, SurvivesAWindowThatIsGone) {
  window_.point_active_at_a_closed_window();
  EXPECT_EQ(foreground(), Foreground{});
  window_.set_title("还在");
  window_.activate();
  EXPECT_EQ(foreground().title, "还在");
}

TEST_F(DesktopTest, CountsIdleTimeFromTheLastInput) {
  int64_t idle = 0;
  for (int i = 0; i < 100'000 && idle < 50; ++i) idle = desktop_.attention()->idle_ms;
  ASSERT_GE(idle, 50);
  window_.input_happens();
  EXPECT_LT(desktop_.attention()->idle_ms, 50);
}

TEST_F(DesktopTest, KnowsThatAScreenSaverHidesTheDesktop) {
  EXPECT_EQ(desktop_.attention()->covered_by, "");
  window_.screen_saver(true);
  EXPECT_THAT(desktop_.attention()->covered_by, HasSubstr("screen saver"));
  window_.screen_saver(false);
  EXPECT_EQ(desktop_.attention()->covered_by, "");
}

TEST_F(DesktopTest, ReadsWhatXscreensaverWritesOfItself) {
  window_.xscreensaver_says("BLANK");
  EXPECT_EQ(desktop_.attention()->covered_by, "");
  window_.xscreensaver_says("LOCK");
  EXPECT_THAT(desktop_.attention()->covered_by, HasSubstr("xscreensaver"));
}

/// The real lockers, which tell no service that they lock.
class Locker : public DesktopTest, public testing::WithParamInterface<const char*> {
 protected:
  /// Whether that comes to be said within some seconds.
  bool comes_to_say(const std::string& wanted) {
    for (int tries = 0; tries < 500; ++tries) {
      if (desktop_.attention()->covered_by == wanted) return true;
      usleep(20'000);
    }
    return false;
  }
};
INSTANTIATE_TEST_SUITE_P(Desktop, Locker, testing::Values("i3lock --nofork", "xsecurelock"));

TEST_P(Locker, IsKnownByItsWindowOverTheScreen) {
  const std::string command = GetParam();
  test::Child locker({"sh", "-c", "DISPLAY=" + server_.display() + " exec " + command});
  EXPECT_TRUE(comes_to_say(command.substr(0, command.find(' ')) + " has locked the screen"));
  locker.signal(SIGTERM);
  locker.wait();
  EXPECT_TRUE(comes_to_say(""));
}

TEST_F(DesktopTest, TakesNoOtherProgramThatFillsTheScreenForALocker) {
  window_.cover_the_screen();
  EXPECT_EQ(desktop_.attention()->covered_by, "");
}

TEST_F(DesktopTest, KnowsHowTheMonitorsLie) {
  EXPECT_THAT(*desktop_.monitors(), ElementsAre(Monitor{0, 0, 640, 480}));
  window_.split_monitors(400);
  EXPECT_THAT(*desktop_.monitors(), UnorderedElementsAre(Monitor{0, 0, 400, 480}, Monitor{400, 0, 240, 480}));
}

class CrashingDisplay : public testing::Test {
 protected:
  test::Xvfb server_;
};

TEST_F(CrashingDisplay, IsUnavailableAndFoundAgain) {
  Desktop desktop(server_.display());
  EXPECT_TRUE(desktop.foreground());
  server_.kill();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(desktop.foreground().error().kind, ErrorKind::unavailable);
    EXPECT_EQ(desktop.attention().error().kind, ErrorKind::unavailable);
    EXPECT_EQ(desktop.monitors().error().kind, ErrorKind::unavailable);
  }
  const test::Xvfb again(server_.display());
  EXPECT_TRUE(desktop.foreground());
  EXPECT_TRUE(desktop.attention());
}

}  // namespace
}  // namespace mj::agent
