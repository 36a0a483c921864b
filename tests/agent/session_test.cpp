// What the session's programs say over a real message bus. They are stood in for by services with their
// names: the desktops of UOS and Kylin are not to be had in a test.
#include "capture/agent/session.h"

#include <gmock/gmock.h>

#include "tests/agent/message_bus.h"

namespace mj::agent {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

/// A program of the session that knows whether the screen is locked.
class Program {
 public:
  Program(const test::MessageBus& bus, const char* name, const char* path, const std::string& interface_xml)
      : served_(bus, name, path, interface_xml,
                {[this](const std::string&, GVariant*) {
                   ++asked;
                   return mute ? nullptr : g_variant_new("(b)", locked.load());
                 },
                 [this](const std::string& property) {
                   return g_variant_new_boolean(property == "Active" ? active : locked);
                 }}) {}

  std::atomic<bool> locked{false}, active{true}, mute{false};
  std::atomic<int> asked{0};  ///< by method

 private:
  test::BusProgram served_;
};

constexpr const char* kUkui =
    "<interface name='org.ukui.ScreenSaver'><method name='GetLockState'><arg type='b' "
    "direction='out'/></method>"
    "</interface>";
constexpr const char* kUos =
    "<interface name='org.deepin.dde.SessionManager1'><property name='Locked' type='b' "
    "access='read'/></interface>";
constexpr const char* kLogind =
    "<interface name='org.freedesktop.login1.Session'><property name='LockedHint' type='b' access='read'/>"
    "<property name='Active' type='b' access='read'/></interface>";

class SessionTest : public testing::Test {
 protected:
  const SteadyTime now_{seconds(1000)};
  test::MessageBus bus_;
};

TEST_F(SessionTest, IsOpenWhereNobodyKnowsOfLocks) {
  Session session(bus_.address(), bus_.address());
  EXPECT_FALSE(session.ask(now_).locked);
  Session alone("", "unix:path=/nonexistent/bus");
  EXPECT_FALSE(alone.ask(now_).locked);
  EXPECT_FALSE(alone.ask(now_).elsewhere);
}

TEST_F(SessionTest, HearsKylinsScreenSaver) {
  Program program(bus_, "org.ukui.ScreenSaver", "/", kUkui);
  Session session(bus_.address(), "");
  EXPECT_FALSE(session.ask(now_).locked);
  program.locked = true;
  EXPECT_TRUE(session.ask(now_).locked);
  EXPECT_THAT(session.ask(now_).said_by, HasSubstr("UKUI"));
  program.locked = false;
  EXPECT_FALSE(session.ask(now_).locked);
}

TEST_F(SessionTest, HearsUossSessionManager) {
  Program program(bus_, "org.deepin.dde.SessionManager1", "/org/deepin/dde/SessionManager1", kUos);
  Session session(bus_.address(), "");
  EXPECT_FALSE(session.ask(now_).locked);
  program.locked = true;
  EXPECT_TRUE(session.ask(now_).locked);
}

TEST_F(SessionTest, HearsLogind) {
  Program program(bus_, "org.freedesktop.login1", "/org/freedesktop/login1/session/auto", kLogind);
  Session session("", bus_.address());
  EXPECT_FALSE(session.ask(now_).locked);
  program.locked = true;
  EXPECT_TRUE(session.ask(now_).locked);
  program.active = false;
  const SessionState state = session.ask(now_);
  EXPECT_TRUE(state.elsewhere);
  EXPECT_THAT(state.said_by, HasSubstr("another session"));
}

TEST_F(SessionTest, FindsWhoCameLaterWithinAMinute) {
  Session session(bus_.address(), "");
  EXPECT_FALSE(session.ask(now_).locked);
  Program program(bus_, "org.ukui.ScreenSaver", "/", kUkui);
  program.locked = true;
  EXPECT_FALSE(session.ask(now_ + seconds(59)).locked);
  EXPECT_TRUE(session.ask(now_ + minutes(1)).locked);
}

TEST_F(SessionTest, DoesNotAskTwiceInAMinuteWhoDoesNotAnswer) {
  Program program(bus_, "org.ukui.ScreenSaver", "/", kUkui);
  program.locked = program.mute = true;
  Session session(bus_.address(), "");
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(session.ask(now_).locked);
  EXPECT_EQ(program.asked, 1);
  program.mute = false;
  EXPECT_TRUE(session.ask(now_ + minutes(1)).locked);
}

TEST(Session, OutlivesTheBus) {
  const SteadyTime now{seconds(1000)};
  auto bus = std::make_unique<test::MessageBus>();
  Session session(bus->address(), bus->address());
  EXPECT_FALSE(session.ask(now).locked);
  bus.reset();
  EXPECT_FALSE(session.ask(now + minutes(1)).locked);
  EXPECT_FALSE(session.ask(now + minutes(2)).locked);
}

}  // namespace
}  // namespace mj::agent
