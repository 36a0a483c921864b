// What the session's programs say over a real message bus. They are stood in for by services with their
// names: the desktops of UOS and Kylin are not to be had in a test.
#include "capture/agent/session.h"

#include <gio/gio.h>
#include <gmock/gmock.h>

#include <fstream>
#include <thread>

#include "tests/support/child.h"
#include "tests/support/temporary_directory.h"

namespace mj::agent {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

/// A message bus of the test's own.
class MessageBus {
 public:
  MessageBus() {
    const auto configuration = folder_.file(
        "bus.conf",
        "<busconfig><listen>unix:path=" + (folder_.path() / "bus").string() +
            "</listen><auth>EXTERNAL</auth><policy context=\"default\">"
            "<allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/><allow own=\"*\"/>"
            "</policy></busconfig>");
    const auto said = folder_.path() / "address";  // when it listens
    daemon_.emplace(std::vector<std::string>{"dbus-daemon", "--nofork", "--print-address", "--config-file",
                                             configuration.string()},
                    said);
    std::error_code none;
    while (std::filesystem::file_size(said, none) + 1 <= 1) usleep(5'000);
  }
  [[nodiscard]] std::string address() const { return "unix:path=" + (folder_.path() / "bus").string(); }

 private:
  const test::TemporaryDirectory folder_;
  std::optional<test::Child> daemon_;
};

/// A program of the session: one object with one interface, served in a thread of its own.
class Program {
 public:
  Program(const MessageBus& bus, const char* name, const char* path, const std::string& interface_xml)
      : context_(g_main_context_new()), loop_(g_main_loop_new(context_, FALSE)) {
    g_main_context_push_thread_default(context_);
    constexpr auto kFlags = static_cast<GDBusConnectionFlags>(G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                              G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION);
    connection_ =
        g_dbus_connection_new_for_address_sync(bus.address().c_str(), kFlags, nullptr, nullptr, nullptr);
    GDBusNodeInfo* node =
        g_dbus_node_info_new_for_xml(("<node>" + interface_xml + "</node>").c_str(), nullptr);
    static constexpr GDBusInterfaceVTable kTable{
        [](GDBusConnection*, const char*, const char*, const char*, const char*, GVariant*,
           GDBusMethodInvocation* invocation, gpointer self) {
          auto* program = static_cast<Program*>(self);
          ++program->asked;
          if (program->mute) return;  // never answered
          g_dbus_method_invocation_return_value(invocation, g_variant_new("(b)", program->locked.load()));
        },
        [](GDBusConnection*, const char*, const char*, const char*, const char* property, GError**,
           gpointer self) {
          const auto* program = static_cast<Program*>(self);
          const auto& value = std::string_view(property) == "Active" ? program->active : program->locked;
          return g_variant_new_boolean(value.load());
        },
        nullptr,
        {}};
    g_dbus_connection_register_object(connection_, path, node->interfaces[0], &kTable, this, nullptr,
                                      nullptr);
    g_dbus_node_info_unref(node);
    g_main_context_pop_thread_default(context_);
    thread_ = std::thread([this] { g_main_loop_run(loop_); });
    g_variant_unref(g_dbus_connection_call_sync(
        connection_, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
        g_variant_new("(su)", name, 0), nullptr, G_DBUS_CALL_FLAGS_NONE, -1, nullptr, nullptr));
  }
  ~Program() {
    g_main_loop_quit(loop_);
    thread_.join();
    g_dbus_connection_close_sync(connection_, nullptr, nullptr);
    g_object_unref(connection_);
    g_main_loop_unref(loop_);
    g_main_context_unref(context_);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  std::atomic<bool> locked{false}, active{true}, mute{false};
  std::atomic<int> asked{0};  ///< by method

 private:
  GMainContext* context_;
  GMainLoop* loop_;
  GDBusConnection* connection_;
  std::thread thread_;
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
  MessageBus bus_;
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
  auto bus = std::make_unique<MessageBus>();
  Session session(bus->address(), bus->address());
  EXPECT_FALSE(session.ask(now).locked);
  bus.reset();
  EXPECT_FALSE(session.ask(now + minutes(1)).locked);
  EXPECT_FALSE(session.ask(now + minutes(2)).locked);
}

}  // namespace
}  // namespace mj::agent
