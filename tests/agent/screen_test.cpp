// What a look at a real X desktop says: shots, `same`, states.
#include "capture/agent/screen.h"

#include <gmock/gmock.h>

#include "tests/agent/h264_decoder.h"
#include "tests/agent/message_bus.h"
#include "tests/agent/x_window.h"
#include "tests/support/child.h"

namespace mj::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

/// A clock that goes on only when the test says so.
class TestClock : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return wall_; }
  [[nodiscard]] SteadyTime steady_now() const override { return steady_; }
  void pass(Duration time) {
    wall_ += time;
    steady_ += time;
  }

 private:
  WallTime wall_ = from_us(1'795'000'000'000'000);
  SteadyTime steady_{seconds(1000)};
};

class ScreenTest : public testing::Test {
 protected:
  ScreenTest() {
    window_->set_title("待办列表");
    window_->activate();
    window_->fill(0x336699);
    window_->move_pointer(600, 400);
  }

  std::optional<Look> look(Duration after = seconds(5), bool key_wanted = false) {
    clock_.pass(after);
    return screen_.look(key_wanted);
  }
  Entry entry(Duration after = seconds(5)) {
    auto seen = look(after);
    EXPECT_TRUE(seen);
    return seen ? std::move(seen->entry) : Entry{};
  }

  TestClock clock_;
  test::Xvfb server_;
  std::unique_ptr<test::XWindow> window_ = std::make_unique<test::XWindow>(server_.display(), "Approval");
  Screen screen_ = std::move(*Screen::create({.display = server_.display()}, clock_));
};

TEST_F(ScreenTest, BeginsWithAKeyPictureAndItsFacts) {
  const auto seen = look();
  ASSERT_TRUE(seen);
  const Entry& first = seen->entry;
  EXPECT_EQ(first.kind, EntryKind::shot);
  EXPECT_TRUE(first.key);
  EXPECT_EQ(first.facts.title, "待办列表");
  EXPECT_EQ(first.facts.program, "Approval");
  EXPECT_FALSE(first.facts.locked);
  EXPECT_THAT(first.facts.monitors, ElementsAre(Monitor{0, 0, 640, 480}));
  EXPECT_EQ(first.nominal, seconds(5));
  EXPECT_EQ(first.agent_time, clock_.now());
  EXPECT_EQ(seen->taken, clock_.steady_now());
  const auto picture = test::H264Decoder(first.avc_config).decode(first.access_unit);
  EXPECT_EQ(picture.sha256, first.input_sha256);
}

TEST_F(ScreenTest, SaysSameAsLongAsEveryPixelIsAsItWasAndForcesAPictureAfterAMinute) {
  ASSERT_TRUE(entry().key);
  for (int i = 1; i < 12; ++i) {
    const Entry same = entry();
    ASSERT_EQ(same.kind, EntryKind::same) << i;
    EXPECT_EQ(same.facts.title, "待办列表");
    EXPECT_TRUE(same.access_unit.empty());
  }
  const Entry forced = entry();
  EXPECT_EQ(forced.kind, EntryKind::shot);
  EXPECT_FALSE(forced.key);
  EXPECT_EQ(entry().kind, EntryKind::same);
}

TEST_F(ScreenTest, NeverTakesAOnePixelEditForNothing) {
  const Entry before = entry();
  test::H264Decoder decoder(before.avc_config);
  (void)decoder.decode(before.access_unit);
  ASSERT_EQ(entry().kind, EntryKind::same);
  window_->fill_pixel(77, 33, 0x336799);
  const Entry edit = entry();
  ASSERT_EQ(edit.kind, EntryKind::shot);
  EXPECT_FALSE(edit.key);
  EXPECT_NE(edit.input_sha256, before.input_sha256);
  EXPECT_EQ(decoder.decode(edit.access_unit).sha256, edit.input_sha256);
}

TEST_F(ScreenTest, LooksAtOnceWhenTheTitleChanges) {
  (void)entry();
  EXPECT_FALSE(look(milliseconds(500)));
  window_->set_title("20261121-100138 补正");
  EXPECT_FALSE(look(milliseconds(250)));
  const Entry other = entry(milliseconds(250));
  EXPECT_EQ(other.facts.title, "20261121-100138 补正");
}

TEST_F(ScreenTest, SaysSameWhenOnlyTheTitleChanged) {
  (void)entry();
  window_->set_title("20261121-100138 补正");
  const Entry same = entry();
  EXPECT_EQ(same.kind, EntryKind::same);
  EXPECT_EQ(same.facts.title, "20261121-100138 补正");
}

TEST_F(ScreenTest, TakesNoPictureOfALockedScreen) {
  (void)entry();
  window_->screen_saver(true);
  const Entry locked = entry();
  EXPECT_EQ(locked.kind, EntryKind::state);
  EXPECT_EQ(locked.state, ScreenState::locked);
  EXPECT_THAT(locked.detail, HasSubstr("screen saver"));
  EXPECT_TRUE(locked.access_unit.empty());
  for (int i = 0; i < 30; ++i) EXPECT_FALSE(look()) << "a state is said once";
  EXPECT_EQ(screen_.pause(), seconds(1));
  window_->screen_saver(false);
  const Entry back = entry(seconds(1));
  EXPECT_EQ(back.kind, EntryKind::shot);
  EXPECT_TRUE(back.key);
  EXPECT_EQ(entry().kind, EntryKind::same);
}

TEST(ScreenOfASession, SaysAlsoThatALockedSessionWasLeftForAnother) {
  const test::MessageBus bus;
  std::atomic<bool> locked = true, active = true;
  const test::BusProgram logind(
      bus, "org.freedesktop.login1", "/org/freedesktop/login1/session/auto",
      "<interface name='org.freedesktop.login1.Session'><property name='LockedHint' type='b' access='read'/>"
      "<property name='Active' type='b' access='read'/></interface>",
      {{},
       [&](const std::string& name) { return g_variant_new_boolean(name == "Active" ? active : locked); }});
  const test::Xvfb server;
  TestClock clock;
  setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.address().c_str(), 1);
  Screen screen = std::move(*Screen::create({.display = server.display()}, clock));
  unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
  const auto said = [&] {
    clock.pass(seconds(5));
    const auto seen = screen.look(false);
    return !seen ? "" : seen->entry.kind == EntryKind::shot ? "shot" : wire_name(seen->entry.state);
  };
  EXPECT_STREQ(said(), "locked");
  EXPECT_STREQ(said(), "");
  active = false;
  EXPECT_STREQ(said(), "no_session");
  EXPECT_STREQ(said(), "");
  active = true;
  EXPECT_STREQ(said(), "locked");
  locked = false;
  EXPECT_STREQ(said(), "shot");
}

TEST_F(ScreenTest, SaysThatTheDisplayIsAwayAndGoesOnWithTheNextOne) {
  (void)entry();
  window_.reset();
  server_.kill();
  const Entry away = entry();
  EXPECT_EQ(away.state, ScreenState::no_display);
  EXPECT_FALSE(look());
  const test::Xvfb again(server_.display());
  const Entry back = entry();
  EXPECT_EQ(back.kind, EntryKind::shot);
  EXPECT_TRUE(back.key);
}

TEST_F(ScreenTest, BeginsAnewWithAnotherSize) {
  (void)entry();
  window_->resize_desktop(320, 200);
  const Entry other = entry();
  EXPECT_TRUE(other.key);
  EXPECT_THAT(other.facts.monitors, ElementsAre(Monitor{0, 0, 320, 200}));
  const auto picture = test::H264Decoder(other.avc_config).decode(other.access_unit);
  EXPECT_EQ(picture.sha256, other.input_sha256);
  EXPECT_EQ(picture.width, 320);
}

TEST_F(ScreenTest, BeginsAnewWithAnotherLayoutOfMonitors) {
  (void)entry();
  ASSERT_EQ(entry().kind, EntryKind::same);
  window_->split_monitors(400);
  const Entry other = entry();
  EXPECT_EQ(other.kind, EntryKind::shot);
  EXPECT_TRUE(other.key);
  EXPECT_THAT(other.facts.monitors, UnorderedElementsAre(Monitor{0, 0, 400, 480}, Monitor{400, 0, 240, 480}));
  EXPECT_EQ(entry().kind, EntryKind::same);
}

TEST_F(ScreenTest, GivesAKeyPictureWhenAskedOrAfterALoss) {
  (void)entry();
  const auto wanted = look(seconds(5), true);
  ASSERT_TRUE(wanted);
  EXPECT_TRUE(wanted->entry.key);
  ASSERT_EQ(entry().kind, EntryKind::same);
  screen_.lost();
  EXPECT_TRUE(entry(seconds(1)).key);
}

TEST_F(ScreenTest, SaysWhenItLooksLessOftenThanConfigured) {
  (void)entry();
  screen_.stretch(4);
  EXPECT_FALSE(look(seconds(19)));
  const Entry thinned = entry(seconds(1));
  EXPECT_EQ(thinned.nominal, seconds(20));
  EXPECT_EQ(thinned.configured, seconds(5));
}

}  // namespace
}  // namespace mj::agent
