// Servers and packetizers nobody here wrote, beside gst-rtsp-server (camera_source_test.cpp): VLC, and ffmpeg
// as far as it can be one. What they send must be in our fragments bit by bit: the clip's own slices, none
// missing, none twice.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include "tests/capture/box_path.h"
#include "tests/capture/ffmpeg_sender.h"
#include "tests/capture/one_camera.h"
#include "tests/capture/recording_outlet.h"
#include "tests/support/decoder.h"
#include "tests/support/fake_camera.h"

namespace mj::capture {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::RecordingOutlet;

constexpr std::size_t kEnough = 6;  // fragments: three seconds
constexpr seconds kPatience{60};    // the machine may be busy

/// A clip of tests/support/clips.sh, made if it is not there.
std::filesystem::path clip(const std::string& name) {
  test::Child maker({"bash", MJ_CLIPS, name});
  EXPECT_EQ(maker.wait(), 0) << "clips.sh cannot make " << name;
  return std::filesystem::path(MJ_CLIP_FOLDER) / (name + ".mp4");
}

/// The slices of each picture of a film, in order: without parameter sets, SEI and delimiters, which a server
/// may add or leave out.
std::vector<Bytes> slices_of(BytesView film, bool h265) {
  std::vector<Bytes> pictures;
  const auto read = test::read_video(film, [&](BytesView picture) {
    Bytes& slices = pictures.emplace_back();
    for (std::size_t at = 0; at + 4 < picture.size();) {
      const std::size_t size = test::big_endian(picture, at, 4);
      const BytesView nal = picture.subspan(at + 4, size);
      const int type = h265 ? nal[0] >> 1 & 0x3F : nal[0] & 0x1F;
      if (h265 ? type < 32 : type >= 1 && type <= 5) slices.insert(slices.end(), nal.begin(), nal.end());
      at += 4 + size;
    }
  });
  EXPECT_TRUE(read) << (read ? "" : read.error().message);
  return pictures;
}

/// Whether VLC or ffmpeg sent it: H.264 and H.265.
class ForeignServer : public testing::TestWithParam<const char*> {
 protected:
  [[nodiscard]] bool h265() const { return std::string_view(GetParam()).starts_with("h265"); }

  void expect_the_clips_own_pictures(const std::vector<Fragment>& fragments,
                                     const std::filesystem::path& film) {
    ASSERT_FALSE(fragments.empty());
    EXPECT_TRUE(fragments.front().key);
    EXPECT_THAT(fragments.front().run->mime, testing::HasSubstr(h265() ? "hvc1." : "avc1."));
    EXPECT_EQ(fragments.front().run->width, 640);
    EXPECT_EQ(fragments.front().run->height, 360);
    std::ifstream file(film, std::ios::binary);
    const Bytes original{std::istreambuf_iterator<char>(file), {}};
    const auto sent = slices_of(original, h265());
    const auto recorded = recorded_slices(fragments);
    ASSERT_GT(recorded.size(), 50U);
    EXPECT_NE(std::ranges::search(sent, recorded).begin(), sent.end())
        << "pictures are missing, doubled or damaged";
    const Duration each =
        (fragments.back().end - fragments.front().start) / static_cast<int64_t>(recorded.size());
    EXPECT_GT(each, milliseconds(30)) << "25 pictures a second";
    EXPECT_LT(each, milliseconds(50)) << "25 pictures a second";
  }

  /// Of all runs: a busy machine may begin one more.
  [[nodiscard]] std::vector<Bytes> recorded_slices(const std::vector<Fragment>& fragments) const {
    std::vector<Bytes> slices;
    for (auto begin = fragments.begin(); begin != fragments.end();) {
      const auto end =
          std::find_if(begin, fragments.end(), [&](const Fragment& f) { return f.run != begin->run; });
      const auto more = slices_of(test::file_of({begin, end}), h265());
      slices.insert(slices.end(), more.begin(), more.end());
      begin = end;
    }
    return slices;
  }

  SystemClock clock_;
  RecordingOutlet outlet_;
};

/// A port of loopback that nobody listens on.
uint16_t free_port() {
  asio::io_context context;
  const tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  return acceptor.local_endpoint().port();
}

/// The first line of what a server answers to SETUP with interleaved transport.
std::string answer_to_interleaved(uint16_t port) {
  asio::io_context context;
  tcp::socket socket(context);
  socket.connect({asio::ip::address_v4::loopback(), port});
  asio::write(socket,
              asio::buffer(fmt::format("SETUP rtsp://127.0.0.1:{}/clip/trackID=0 RTSP/1.0\r\nCSeq: 1\r\n"
                                       "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n",
                                       port)));
  std::string answer;
  asio::read_until(socket, asio::dynamic_buffer(answer), "\r\n");
  return answer.substr(0, answer.find("\r\n"));
}

/// VLC serving a film by RTSP. It refuses to be root, so root runs it as nobody; that user may not be able to
/// open the film, so it is handed over open.
class Vlc {
 public:
  explicit Vlc(const std::filesystem::path& film) : film_(::open(film.c_str(), O_RDONLY | O_CLOEXEC)) {
    std::vector<std::string> words;
    if (::geteuid() == 0)
      words = {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--pdeathsig=KILL"};
    words.insert(
        words.end(),
        {"vlc", "--intf=dummy", "--ignore-config", "--no-sout-audio", "--rtsp-host=127.0.0.1",
         fmt::format("--sout=#rtp{{sdp=rtsp://127.0.0.1:{}/clip}}", port_), fmt::format("fd://{}", film_)});
    vlc_ = std::make_unique<test::Child>(words, "", film_);
  }
  ~Vlc() { ::close(film_); }
  Vlc(const Vlc&) = delete;
  Vlc& operator=(const Vlc&) = delete;
  [[nodiscard]] uint16_t port() const { return port_; }

 private:
  const int film_;
  const uint16_t port_ = free_port();
  std::unique_ptr<test::Child> vlc_;
};

TEST_P(ForeignServer, VlcSpeaksUdpOnlyAndIsRecordedAllTheSame) {
  const auto film = clip(GetParam());
  const Vlc vlc(film);
  const std::string url = fmt::format("rtsp://127.0.0.1:{}/clip", vlc.port());
  Capture capture(test::one_camera(url, config::Transport::tcp), clock_, outlet_);
  capture.start();
  ASSERT_TRUE(outlet_.wait_for_fragments(kEnough, {}, kPatience));
  EXPECT_THAT(answer_to_interleaved(vlc.port()), testing::HasSubstr("461"));
  capture.stop();
  expect_the_clips_own_pictures(outlet_.fragments(), film);
}

/// The scripted camera only asks and hands on: description, packets and reports are ffmpeg's.
class FfmpegCamera {
 public:
  FfmpegCamera(const std::filesystem::path& film, bool over_tcp)
      : sender_(film, true, [this](uint8_t channel, Bytes packet) {
          camera_.push({{channel, std::move(packet)}});
        }) {
    camera_.sdp = sender_.sdp();
    camera_.allow_tcp = over_tcp;
    camera_.allow_udp = !over_tcp;
    camera_.start();
  }
  [[nodiscard]] std::string url() const { return camera_.url(); }

 private:
  test::FakeCamera camera_;
  test::FfmpegSender sender_;
};

TEST_P(ForeignServer, FfmpegsPacketsAreUnderstoodOverTcpAndUdp) {
  const auto film = clip(GetParam());
  for (const auto transport : {config::Transport::tcp, config::Transport::udp}) {
    const FfmpegCamera camera(film, transport == config::Transport::tcp);
    RecordingOutlet outlet;
    Capture capture(test::one_camera(camera.url(), transport), clock_, outlet);
    capture.start();
    ASSERT_TRUE(outlet.wait_for_fragments(kEnough, {}, kPatience));
    capture.stop();
    const auto fragments = outlet.fragments();
    expect_the_clips_own_pictures(fragments, film);
    EXPECT_EQ(fragments[0].run->audio, "aac");
    EXPECT_LT(fragments[2].video_bytes, fragments[2].bytes->size()) << "and its sound";
  }
}

std::string name_of(const testing::TestParamInfo<const char*>& film) {
  return std::string(film.param).substr(0, 4);
}

INSTANTIATE_TEST_SUITE_P(Of, ForeignServer, testing::Values("h264_360p25", "h265_360p25"), name_of);

}  // namespace
}  // namespace mj::capture
