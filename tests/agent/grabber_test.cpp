// Pictures of a real X server, pixel for pixel, and what a grabber survives.
#include "capture/agent/grabber.h"

#include <gmock/gmock.h>

#include "capture/agent/encoder.h"
#include "capture/agent/x11_grabber.h"
#include "tests/agent/h264_decoder.h"
#include "tests/agent/x_window.h"
#include "tests/support/child.h"

namespace mj::agent {
namespace {

using testing::HasSubstr;

/// Both ways to the pixels of an X display: our own, and GStreamer's source.
class GrabberTest : public testing::TestWithParam<bool> {
 protected:
  Result<std::unique_ptr<Grabber>> grabber() {
    if (GetParam())
      return SourceGrabber::create("ximagesrc show-pointer=true display-name=" + server_.display(), clock_);
    return std::unique_ptr<Grabber>(std::make_unique<X11Grabber>(server_.display(), clock_));
  }

  const SystemClock clock_;
  test::Xvfb server_;
};

TEST_P(GrabberTest, SeesTheDesktopAsItIsNowPixelForPixel) {
  auto grab = grabber();
  ASSERT_TRUE(grab) << grab.error().message;
  test::XWindow window(server_.display(), "Approval");
  std::unique_ptr<Encoder> encoder;
  std::unique_ptr<test::H264Decoder> decoder;
  for (const uint32_t colour : {0x1F4E9EU, 0xC8102EU, 0x00FF00U}) {
    window.fill(colour);
    window.fill_pixel(100, 50, 0xFFFFFF);
    const auto picture = (*grab)->grab();
    ASSERT_TRUE(picture) << picture.error().message;
    EXPECT_EQ(picture->width, 640);
    EXPECT_EQ(picture->height, 480);
    EXPECT_LT(picture->at_error, std::chrono::milliseconds(500));
    if (!encoder) encoder = std::move(*Encoder::create(*picture));
    const auto encoded = encoder->encode(*picture, Changes().compare(*picture), false);
    ASSERT_TRUE(encoded) << encoded.error().message;
    if (!decoder) decoder = std::make_unique<test::H264Decoder>(encoded->avc_config);
    const auto decoded = decoder->decode(encoded->access_unit);
    const std::array<int, 3> expected{static_cast<int>(colour >> 16), static_cast<int>(colour >> 8 & 0xFF),
                                      static_cast<int>(colour & 0xFF)};
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(decoded.rgb(99, 50)[i], expected[i], 1);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(decoded.rgb(100, 50)[i], 255, 1);
  }
}

TEST_P(GrabberTest, LeaksNoHandles) {
  auto grab = grabber();
  const auto handles = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                         std::filesystem::directory_iterator());
  };
  for (int i = 0; i < 3; ++i) ASSERT_TRUE((*grab)->grab());
  const auto before = handles();
  for (int i = 0; i < 30; ++i) ASSERT_TRUE((*grab)->grab());
  EXPECT_EQ(handles(), before);
}

TEST_P(GrabberTest, SaysThatTheDisplayIsAwayAndGoesOnWhenItIsBack) {
  auto grab = grabber();
  ASSERT_TRUE((*grab)->grab());
  server_.kill();
  const auto nothing = (*grab)->grab();
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().kind, ErrorKind::unavailable);
  const test::Xvfb again(server_.display());
  EXPECT_TRUE((*grab)->grab());
}

INSTANTIATE_TEST_SUITE_P(OfAnXDisplay, GrabberTest, testing::Bool(),
                         [](const auto& info) { return info.param ? "Source" : "Own"; });

TEST(Grabber, TakesAnyGStreamerSource) {
  const SystemClock clock;
  auto grabber = SourceGrabber::create("videotestsrc pattern=red", clock);
  ASSERT_TRUE(grabber) << grabber.error().message;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE((*grabber)->grab());
}

TEST(Grabber, RefusesADisplayWithFewerColoursEachTimeItIsAsked) {
  const SystemClock clock;
  const test::Xvfb server("", 16);
  X11Grabber grabber(server.display(), clock);
  for (int i = 0; i < 3; ++i) {
    const auto picture = grabber.grab();
    ASSERT_FALSE(picture);
    EXPECT_THAT(picture.error().message, HasSubstr("24 bits"));
  }
}

TEST(Grabber, NamesWhatIsNotInstalledOrMisspelt) {
  const SystemClock clock;
  const auto missing = SourceGrabber::create("nosuchsrc", clock);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::invalid);
  EXPECT_THAT(missing.error().message, HasSubstr("nosuchsrc"));
  EXPECT_FALSE(SourceGrabber::create("videotestsrc pattrn=red", clock));
}

class X11GrabberTest : public testing::Test {
 protected:
  const SystemClock clock_;
  test::Xvfb server_;
  test::XWindow window_{server_.display(), "Approval"};
  X11Grabber grabber_{server_.display(), clock_};
  Changes changes_;
};

TEST_F(X11GrabberTest, SeesTheSamePixelsAsGStreamersSource) {
  window_.fill(0x336699);
  window_.move_pointer(60, 40);
  const auto ours = grabber_.grab();
  ASSERT_TRUE(ours);
  changes_.keep(*ours, changes_.compare(*ours));
  const auto source =
      *SourceGrabber::create("ximagesrc show-pointer=true display-name=" + server_.display(), clock_);
  const auto theirs = source->grab();
  ASSERT_TRUE(theirs);
  EXPECT_FALSE(changes_.compare(*theirs).any());
}

TEST_F(X11GrabberTest, TakesAMovedPointerForAChange) {
  window_.fill(0x336699);
  window_.move_pointer(20, 20);
  const auto before = grabber_.grab();
  ASSERT_TRUE(before);
  changes_.keep(*before, changes_.compare(*before));
  EXPECT_FALSE(changes_.compare(*grabber_.grab()).any());
  window_.move_pointer(150, 80);
  EXPECT_TRUE(changes_.compare(*grabber_.grab()).any());
}

TEST_F(X11GrabberTest, FollowsTheSizeOfTheDesktop) {
  ASSERT_EQ(grabber_.grab()->width, 640);
  window_.resize_desktop(320, 200);
  const auto picture = grabber_.grab();
  ASSERT_TRUE(picture) << picture.error().message;
  EXPECT_EQ(picture->width, 320);
  EXPECT_EQ(picture->height, 200);
}

TEST_F(X11GrabberTest, MeasuresTheInstantOfTheGrab) {
  const WallTime before = clock_.now();
  const auto picture = grabber_.grab();
  EXPECT_LT(picture->at_error, std::chrono::milliseconds(100));
  EXPECT_GE(picture->at + picture->at_error, before);
  EXPECT_LE(picture->at - picture->at_error, clock_.now());
}

}  // namespace
}  // namespace mj::agent
