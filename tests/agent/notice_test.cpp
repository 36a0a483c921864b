// What the person at the screen is told, over a real message bus; the desktop's notifications are stood in
// for by a service with their name.
#include "capture/agent/notice.h"

#include <gmock/gmock.h>

#include "tests/agent/notifications.h"

namespace mj::agent {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class NoticeTest : public testing::Test {
 protected:
  const SteadyTime now_{seconds(1000)};
  test::MessageBus bus_;
};

TEST_F(NoticeTest, StandsOnceAndIsReplacedAndWithdrawn) {
  test::Notifications desktop(bus_);
  Notice notice(bus_.address());
  for (int i = 0; i < 5; ++i) notice.show(now_ + seconds(i), "正在记录本机屏幕", "a");
  EXPECT_EQ(desktop.asked(), 1);
  EXPECT_THAT(desktop.standing(), ElementsAre(Pair(42, "正在记录本机屏幕 | a")));
  notice.show(now_ + seconds(9), "已暂停记录本机屏幕", "原因: <b> & c");
  EXPECT_THAT(desktop.standing(), ElementsAre(Pair(42, "已暂停记录本机屏幕 | 原因: &lt;b&gt; &amp; c")))
      << "in its place, and no markup";
  notice.withdraw();
  EXPECT_THAT(desktop.standing(), IsEmpty());
  notice.show(now_ + seconds(10), "正在记录本机屏幕", "a");
  EXPECT_EQ(desktop.standing().size(), 1U);
}

TEST_F(NoticeTest, IsShownByADesktopThatComesLater) {
  Notice notice(bus_.address());
  notice.show(now_, "正在记录本机屏幕", "a");
  test::Notifications desktop(bus_);
  notice.show(now_ + seconds(59), "正在记录本机屏幕", "a");
  EXPECT_EQ(desktop.asked(), 0);
  notice.show(now_ + minutes(1), "正在记录本机屏幕", "a");
  EXPECT_EQ(desktop.asked(), 1);
}

TEST(Notice, DoesWithoutABus) {
  Notice notice("unix:path=/nonexistent/bus");
  notice.show(SteadyTime(seconds(1000)), "正在记录本机屏幕", "a");
  notice.withdraw();
}

}  // namespace
}  // namespace mj::agent
