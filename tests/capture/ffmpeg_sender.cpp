#include "tests/capture/ffmpeg_sender.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <stdexcept>

namespace mj::test {

namespace asio = boost::asio;
using asio::ip::udp;

namespace {

constexpr int kPatienceMs = 20'000;

}  // namespace

struct FfmpegSender::Port {
  Port(asio::io_context& context, uint8_t number)
      : socket(context, udp::endpoint(asio::ip::address_v4::loopback(), 0)), channel(number) {}
  udp::socket socket;
  uint8_t channel;
  std::array<uint8_t, 65536> datagram{};
};

FfmpegSender::FfmpegSender(const std::filesystem::path& clip, bool sound, OnPacket on_packet)
    : on_packet_(std::move(on_packet)) {
  const auto pipe = folder_.path() / "description";
  if (::mkfifo(pipe.c_str(), 0600) != 0) throw std::runtime_error("no pipe");
  std::vector<std::string> words{"ffmpeg", "-nostdin", "-v", "error", "-re", "-i", clip.string()};
  if (sound) words.insert(words.end(), {"-re", "-f", "lavfi", "-i", "sine=sample_rate=16000"});
  words.insert(words.end(), {"-map", "0:v", "-c:v", "copy", "-f", "rtp", open_ports(0)});
  if (sound) words.insert(words.end(), {"-map", "1:a", "-c:a", "aac", "-f", "rtp", open_ports(2)});
  words.insert(words.end(), {"-sdp_file", pipe.string()});
  ffmpeg_ = std::make_unique<Child>(words);
  sdp_ = read_description(pipe);
  thread_ = std::thread([this] { context_.run(); });
}

FfmpegSender::~FfmpegSender() {
  ffmpeg_.reset();
  context_.stop();
  thread_.join();
}

std::string FfmpegSender::open_ports(uint8_t channel) {
  Port& media = ports_.emplace_back(context_, channel);
  Port& control = ports_.emplace_back(context_, static_cast<uint8_t>(channel + 1));
  read(media);
  read(control);
  return fmt::format("rtp://127.0.0.1:{}?rtcpport={}&localaddr=127.0.0.1",
                     media.socket.local_endpoint().port(), control.socket.local_endpoint().port());
}

void FfmpegSender::read(Port& port) {
  port.socket.async_receive(
      asio::buffer(port.datagram), [this, &port](boost::system::error_code error, std::size_t got) {
        if (error) return;
        on_packet_(port.channel,
                   Bytes(port.datagram.begin(), port.datagram.begin() + static_cast<std::ptrdiff_t>(got)));
        read(port);
      });
}

/// Until ffmpeg closes its end: then the description is whole.
std::string FfmpegSender::read_description(const std::filesystem::path& pipe) const {
  const int input = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  std::string text;
  pollfd readable{input, POLLIN, 0};
  std::array<char, 4096> part{};
  while (::poll(&readable, 1, kPatienceMs) > 0) {
    const auto got = ::read(input, part.data(), part.size());
    if (got <= 0) break;
    text.append(part.data(), static_cast<std::size_t>(got));
  }
  ::close(input);
  if (text.empty()) throw std::runtime_error("ffmpeg describes nothing");
  return text;
}

}  // namespace mj::test
