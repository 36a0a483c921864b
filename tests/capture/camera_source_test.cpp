// Against real RTSP servers on loopback. The clock painted into each picture is what fragments are judged by.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "capture/libav_session.h"
#include "tests/capture/camera_process.h"
#include "tests/capture/one_camera.h"
#include "tests/capture/recording_outlet.h"
#include "tests/support/decoder.h"

namespace mj::capture {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::CameraProcess;
using test::file_of;
using test::one_camera;
using test::RecordingOutlet;

constexpr const char* kSmall = "width=640,height=360,kbps=500";

struct Seen {
  std::vector<int64_t> error_ms;  // time in the file − time painted
  std::vector<uint16_t> frames;   // painted counters
};

Seen read_back(const std::vector<Fragment>& fragments) {
  Seen seen;
  const WallTime start = fragments.front().run->start;
  const auto decoded = test::decode_video(file_of(fragments), [&](Duration at, const auto& luma) {
    const auto code = test::read_code(luma);
    ASSERT_TRUE(code) << "unreadable picture at " << at.count() << " us";
    seen.error_ms.push_back((start + at - code->wall).count() / 1000);
    seen.frames.push_back(code->frame);
  });
  EXPECT_TRUE(decoded) << (decoded ? "" : decoded.error().message);
  return seen;
}

/// Every picture the camera made, in order.
void expect_unbroken(const Seen& seen) {
  for (std::size_t i = 1; i < seen.frames.size(); ++i) EXPECT_EQ(seen.frames[i], seen.frames[i - 1] + 1);
}

/// The middle one, because on a busy machine the camera itself is late now and then.
void expect_true_times(Seen seen) {
  ASSERT_FALSE(seen.error_ms.empty());
  const auto middle = seen.error_ms.begin() + static_cast<std::ptrdiff_t>(seen.error_ms.size() / 2);
  std::nth_element(seen.error_ms.begin(), middle, seen.error_ms.end());
  EXPECT_LT(std::abs(*middle), 500) << "pictures are dated wrong";
}

void expect_well_cut(const std::vector<Fragment>& fragments) {
  EXPECT_TRUE(fragments.front().key);
  for (std::size_t i = 0; i < fragments.size(); ++i) {
    const Fragment& fragment = fragments[i];
    EXPECT_EQ(fragment.key, fragment.key_bytes > 0);
    EXPECT_TRUE(fragment.end - fragment.start <= milliseconds(550) || fragment.frames == 1);
    if (i > 0) EXPECT_GE(fragment.start, fragments[i - 1].end);
  }
}

/// The same for every way of reading a camera.
class CameraSourceTest : public testing::TestWithParam<config::Transport> {
 protected:
  /// The camera refuses the other transport: footage can only have come by the one that is meant.
  [[nodiscard]] static std::string camera(const std::string& options) {
    const bool udp = GetParam() == config::Transport::udp;
    return "name=w1,only=" + std::string(udp ? "udp," : "tcp,") + options + kSmall;
  }

  SystemClock clock_;
  RecordingOutlet outlet_;
};

TEST_P(CameraSourceTest, FilmsWithTrueTimesAndEveryFrame) {
  const CameraProcess cameras({camera("sub=320x180,")});
  config::Settings settings = one_camera(cameras.url("w1"), GetParam());
  settings.cameras[0].sub_url = cameras.url("w1/sub");
  Capture capture(settings, clock_, outlet_);
  capture.start();
  ASSERT_TRUE(outlet_.wait_for_fragments(9, "cam-1.main"));
  ASSERT_TRUE(outlet_.wait_for_fragments(4, "cam-1.sub"));
  EXPECT_EQ(capture.status()[0].state, StreamStatus::State::recording);
  capture.stop();

  const auto fragments = outlet_.fragments("cam-1.main");
  expect_well_cut(fragments);
  EXPECT_EQ(fragments[0].run->width, 640);
  EXPECT_THAT(fragments[0].run->mime, testing::StartsWith("video/mp4; codecs=\"avc1.64"));
  const Seen seen = read_back(fragments);
  EXPECT_GT(seen.frames.size(), 20U);
  expect_unbroken(seen);
  expect_true_times(seen);
  EXPECT_EQ(outlet_.fragments("cam-1.sub").front().run->height, 180);
  EXPECT_EQ(outlet_.outages().size(), 2U);  // the stop, of each stream
  EXPECT_EQ(outlet_.outages().front().cause, GapCause::shutdown);
}

TEST_P(CameraSourceTest, FilmsWithSound) {
  const CameraProcess cameras({camera("audio=alaw,")});
  config::Settings settings = one_camera(cameras.url("w1"), GetParam());
  Capture capture(settings, clock_, outlet_);
  capture.start();
  ASSERT_TRUE(outlet_.wait_for_fragments(6));
  capture.stop();
  const auto fragments = outlet_.fragments();
  expect_well_cut(fragments);
  EXPECT_EQ(fragments[0].run->audio, "pcm_alaw");
  EXPECT_LT(fragments[1].video_bytes, fragments[1].bytes->size());
  uint64_t sound = 0;
  for (const Fragment& fragment : fragments) sound += fragment.bytes->size() - fragment.video_bytes;
  const double length = static_cast<double>((fragments.back().end - fragments.front().start).count()) / 1e6;
  EXPECT_GE(static_cast<double>(sound), 7000 * length) << "8000 bytes a second, less what is under way";
  const Seen seen = read_back(fragments);
  expect_unbroken(seen);
  expect_true_times(seen);
}

TEST_P(CameraSourceTest, FilmsH265WithAacSound) {
  const CameraProcess cameras({camera("codec=h265,audio=aac,")});
  Capture capture(one_camera(cameras.url("w1"), GetParam()), clock_, outlet_);
  capture.start();
  ASSERT_TRUE(outlet_.wait_for_fragments(6));
  capture.stop();
  const auto fragments = outlet_.fragments();
  EXPECT_THAT(fragments[0].run->mime, testing::StartsWith("video/mp4; codecs=\"hvc1.1.6.L"));
  EXPECT_EQ(fragments[0].run->audio, "aac");
  EXPECT_LT(fragments[1].video_bytes, fragments[1].bytes->size());
  expect_unbroken(read_back(fragments));
}

/// All that is logged while it lives.
class CapturedLog {
 public:
  CapturedLog() : before_(spdlog::default_logger()) {
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(text_);
    auto logger = std::make_shared<spdlog::logger>("test", sink);
    logger->set_level(spdlog::level::trace);
    spdlog::set_default_logger(logger);
  }
  ~CapturedLog() { spdlog::set_default_logger(before_); }
  [[nodiscard]] std::string text() const {
    spdlog::default_logger()->flush();
    return text_.str();
  }

 private:
  std::ostringstream text_;
  std::shared_ptr<spdlog::logger> before_;
};

TEST_P(CameraSourceTest, WrongPasswordIsToldWithoutSayingIt) {
  const CameraProcess cameras({std::string("name=w1,user=admin,password=right,") + kSmall});
  config::Settings settings = one_camera(cameras.url("w1"), GetParam());
  settings.cameras[0].user = "admin";
  settings.cameras[0].password = Secret("hunter2@wr:ong/");
  const CapturedLog log;
  Capture capture(settings, clock_, outlet_);
  capture.start();
  ASSERT_TRUE(outlet_.wait_for_outage(GapCause::auth_failed));
  const StreamStatus status = capture.status()[0];
  EXPECT_EQ(status.state, StreamStatus::State::waiting);
  EXPECT_EQ(status.cause, GapCause::auth_failed);
  EXPECT_THAT(status.detail, testing::HasSubstr("check user name and password of camera cam-1"));
  capture.stop();
  EXPECT_THAT(log.text(), testing::HasSubstr("auth_failed"));
  for (const auto& text : {log.text(), status.detail, outlet_.outages()[0].detail}) {
    EXPECT_THAT(text, testing::Not(testing::HasSubstr("hunter2")));
    EXPECT_THAT(text, testing::Not(testing::HasSubstr("wr:ong")));
    EXPECT_THAT(text, testing::Not(testing::HasSubstr("wr%3Aong")));
  }
}

TEST_P(CameraSourceTest, SignsInWithAPasswordFullOfSpecialCharacters) {
  const CameraProcess cameras({std::string("name=w1,user=admin,password=p@ss:w/rd?#%é,") + kSmall});
  config::Settings settings = one_camera(cameras.url("w1"), GetParam());
  settings.cameras[0].user = "admin";
  settings.cameras[0].password = Secret("p@ss:w/rd?#%é");
  Capture capture(settings, clock_, outlet_);
  capture.start();
  EXPECT_TRUE(outlet_.wait_for_fragments(1));
}

TEST_P(CameraSourceTest, ACameraThatDiesIsMissedAndComesBackWithoutOverlap) {
  auto cameras = std::make_unique<CameraProcess>(std::vector{std::string("name=w1,") + kSmall});
  Capture capture(one_camera(cameras->url("w1"), GetParam()), clock_, outlet_);
  capture.start();
  ASSERT_TRUE(outlet_.wait_for_fragments(1));
  const int port = cameras->port();
  cameras->kill();
  ASSERT_TRUE(outlet_.wait_for_outage(GapCause::camera_unreachable, seconds(10)));
  const auto before = outlet_.fragments();
  EXPECT_EQ(outlet_.outages()[0].begin, before.back().end);
  cameras = std::make_unique<CameraProcess>(std::vector{std::string("name=w1,") + kSmall}, port);
  ASSERT_TRUE(outlet_.wait_for_fragments(before.size() + 1));
  const auto after = outlet_.fragments();
  EXPECT_GE(after[before.size()].start, before.back().end);
  EXPECT_NE(after[before.size()].run, before.back().run);
}

TEST_P(CameraSourceTest, ACameraThatHangsIsStalledWithinTenSeconds) {
  const CameraProcess cameras({std::string("name=w1,stop_after=25,") + kSmall});
  Capture capture(one_camera(cameras.url("w1"), GetParam()), clock_, outlet_);
  capture.start();
  ASSERT_TRUE(outlet_.wait_for_outage(GapCause::stalled, seconds(20)));
  const auto outage = outlet_.outages().front();
  EXPECT_LE(clock_.now() - outage.begin, seconds(12));
  EXPECT_EQ(outage.begin, outlet_.fragments().back().end);
  EXPECT_THAT(outage.detail, testing::HasSubstr("sends no pictures"));
}

TEST_P(CameraSourceTest, AWrongPathIsToldAsSuch) {
  const CameraProcess cameras({std::string("name=w1,") + kSmall});
  Capture capture(one_camera(cameras.url("nothing-here"), GetParam()), clock_, outlet_);
  capture.start();
  ASSERT_TRUE(outlet_.wait_for_outage(GapCause::unsupported));
  EXPECT_THAT(outlet_.outages()[0].detail, testing::HasSubstr("does not know this path"));
}

TEST_P(CameraSourceTest, NobodyAtTheAddressIsUnreachableAndStopsAtOnce) {
  Capture capture(one_camera("rtsp://127.0.0.1:1/w1", GetParam()), clock_, outlet_);
  capture.start();
  ASSERT_TRUE(outlet_.wait_for_outage(GapCause::camera_unreachable));
  const SteadyTime before = clock_.steady_now();
  capture.stop();
  EXPECT_LT(clock_.steady_now() - before, seconds(2));
  EXPECT_EQ(outlet_.outages().back().cause, GapCause::shutdown);
}

std::string name_of(const testing::TestParamInfo<config::Transport>& way) {
  constexpr std::array kNames{"tcp", "udp", "libav"};
  return kNames[static_cast<std::size_t>(way.param)];
}

INSTANTIATE_TEST_SUITE_P(All, CameraSourceTest,
                         testing::Values(config::Transport::tcp, config::Transport::udp,
                                         config::Transport::libav),
                         name_of);

TEST(UrlWithUserInfoTest, EncodesWhatIsNotPlain) {
  EXPECT_EQ(url_with_user_info("rtsp://h/x", "a b", Secret("p@:/?#%")),
            "rtsp://a%20b:p%40%3A%2F%3F%23%25@h/x");
  EXPECT_EQ(url_with_user_info("rtsp://h/x", "", Secret("p")), "rtsp://h/x");
}

}  // namespace
}  // namespace mj::capture
