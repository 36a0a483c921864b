// What the agent reads from a real X server: pictures, titles, programs, idle time; and what it survives.
#include "capture/agent/desktop.h"

#include <gmock/gmock.h>

#include "capture/agent/encoder.h"
#include "tests/agent/h264_decoder.h"
#include "tests/agent/x_window.h"
#include "tests/support/child.h"

namespace mj::agent {
namespace {

using testing::HasSubstr;

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
  for (int i = 0; i < 100'000 && idle < 50; ++i) idle = *desktop_.idle_ms();
  ASSERT_GE(idle, 50);
  window_.input_happens();
  EXPECT_LT(*desktop_.idle_ms(), 50);
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
    EXPECT_EQ(desktop.idle_ms().error().kind, ErrorKind::unavailable);
  }
  const test::Xvfb again(server_.display());
  EXPECT_TRUE(desktop.foreground());
  EXPECT_TRUE(desktop.idle_ms());
}

class GrabberTest : public testing::Test {
 protected:
  Result<Grabber> grabber() { return Grabber::create(*x11_source(server_.display()), clock_); }

  const SystemClock clock_;
  test::Xvfb server_;
};

TEST_F(GrabberTest, SeesTheDesktopAsItIsNowPixelForPixel) {
  auto grab = grabber();
  ASSERT_TRUE(grab) << grab.error().message;
  test::XWindow window(server_.display(), "Approval");
  std::unique_ptr<Encoder> encoder;
  std::unique_ptr<test::H264Decoder> decoder;
  for (const uint32_t colour : {0x1F4E9EU, 0xC8102EU, 0x00FF00U}) {
    window.fill(colour);
    window.fill_pixel(100, 50, 0xFFFFFF);
    const auto picture = grab->grab();
    ASSERT_TRUE(picture) << picture.error().message;
    EXPECT_EQ(picture->width, 640);
    EXPECT_EQ(picture->height, 480);
    EXPECT_LT(picture->at_error, std::chrono::milliseconds(500));
    if (!encoder) encoder = std::move(*Encoder::create(*picture));
    const auto encoded = encoder->encode(*picture, false);
    ASSERT_TRUE(encoded) << encoded.error().message;
    if (!decoder) decoder = std::make_unique<test::H264Decoder>(encoded->avc_config);
    const auto decoded = decoder->decode(encoded->access_unit);
    const std::array<int, 3> expected{static_cast<int>(colour >> 16), static_cast<int>(colour >> 8 & 0xFF),
                                      static_cast<int>(colour & 0xFF)};
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(decoded.rgb(99, 50)[i], expected[i], 1);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(decoded.rgb(100, 50)[i], 255, 1);
  }
}

TEST_F(GrabberTest, LeaksNoHandles) {
  auto grab = grabber();
  const auto handles = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                         std::filesystem::directory_iterator());
  };
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(grab->grab());
  const auto before = handles();
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(grab->grab());
  EXPECT_EQ(handles(), before);
}

TEST_F(GrabberTest, SaysThatTheDisplayIsAwayAndGoesOnWhenItIsBack) {
  auto grab = grabber();
  ASSERT_TRUE(grab->grab());
  server_.kill();
  const auto nothing = grab->grab();
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().kind, ErrorKind::unavailable);
  const test::Xvfb again(server_.display());
  EXPECT_TRUE(grab->grab());
}

TEST(Grabber, TakesAnyGStreamerSource) {
  const SystemClock clock;
  auto grabber = Grabber::create("videotestsrc pattern=red", clock);
  ASSERT_TRUE(grabber) << grabber.error().message;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(grabber->grab());
}

TEST(Grabber, NamesWhatIsNotInstalledOrMisspelt) {
  const SystemClock clock;
  const auto missing = Grabber::create("nosuchsrc", clock);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::invalid);
  EXPECT_THAT(missing.error().message, HasSubstr("nosuchsrc"));
  EXPECT_FALSE(Grabber::create("videotestsrc pattrn=red", clock));
}

TEST(Grabber, RefusesDisplayNamesThatAreNone) {
  EXPECT_TRUE(x11_source(":0"));
  EXPECT_TRUE(x11_source("host:10.0"));
  for (const char* bad : {"", ":0 ! filesink location=/tmp/x", ":0\n", "\":0\""})
    EXPECT_FALSE(x11_source(bad)) << bad;
}

}  // namespace
}  // namespace mj::agent
