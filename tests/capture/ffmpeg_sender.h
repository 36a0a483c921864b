#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <functional>
#include <list>
#include <memory>
#include <thread>

#include "config/config.h"
#include "tests/support/child.h"
#include "tests/support/temporary_directory.h"

namespace mj::test {

/// ffmpeg as the encoder and packetizer of a camera: it describes a clip (SDP), cuts it into RTP packets at
/// the clip's own pace and dates them with RTCP sender reports. Owner: a test; ffmpeg ends with this object.
/// Thread: one of its own calls `on_packet`. Does not: speak RTSP, ffmpeg has no server; a FakeCamera does.
/// Fails: the constructor throws when ffmpeg describes nothing within 20 s.
class FfmpegSender {
 public:
  /// A packet as an interleaved channel would carry it: video RTP 0, RTCP 1, sound 2 and 3.
  using OnPacket = std::function<void(uint8_t channel, Bytes packet)>;

  /// `sound`: a tone beside the picture, AAC.
  FfmpegSender(const std::filesystem::path& clip, bool sound, OnPacket on_packet);
  ~FfmpegSender();
  FfmpegSender(const FfmpegSender&) = delete;
  FfmpegSender& operator=(const FfmpegSender&) = delete;

  [[nodiscard]] const std::string& sdp() const { return sdp_; }

 private:
  struct Port;
  /// Where ffmpeg sends a track's packets.
  [[nodiscard]] std::string open_ports(uint8_t channel);
  void read(Port& port);
  [[nodiscard]] std::string read_description(const std::filesystem::path& pipe) const;

  OnPacket on_packet_;
  boost::asio::io_context context_{1};
  std::list<Port> ports_;
  TemporaryDirectory folder_;
  std::unique_ptr<Child> ffmpeg_;
  std::string sdp_;
  std::thread thread_;
};

}  // namespace mj::test
