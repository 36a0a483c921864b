#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace mj::test::farm {

using Bytes = std::vector<uint8_t>;

enum class Codec { h264, h265, pcma, pcmu, aac };

// Layout of every packet inside Clip::bytes: '$' channel length16 | RTP header | payload.
inline constexpr int kInterleavedHeader = 4;
inline constexpr int kRtpHeader = 12;

struct Track {
  Codec codec{};
  bool video = false;
  int payload_type = 96;
  uint32_t clock_rate = 90000;
  int64_t loop_ticks = 0;  // length of one loop in this track's clock
  std::string sdp;         // rtpmap and fmtp lines
};

/// One access unit (video frame or audio packet): `packets` consecutive packets in Clip::bytes.
struct Unit {
  int track = 0;
  bool key = false;
  int64_t send_us = 0;    // when to send it, from the start of the loop
  int64_t pts_ticks = 0;  // RTP time from the start of the loop
  size_t offset = 0;
  uint32_t length = 0;
  uint16_t packets = 0;
  uint32_t payload_octets = 0;
  int32_t tag_offset = -1;  // offset of the tag's text from `offset`, or -1
};

/// A media file turned once into ready-to-send RTP packets, shared by all sessions that play it.
/// Owner: Config. Thread: the farm's one; sessions patch `bytes` in place just before each send.
struct Clip {
  std::string name;
  std::vector<Track> tracks;  // video first
  std::vector<Unit> units;    // in sending order
  Bytes bytes;
  int64_t loop_us = 0;
  size_t first_key = 0;

  /// Throws std::runtime_error: no file, or nothing a camera would send. `mtu`: largest RTP packet.
  [[nodiscard]] static std::unique_ptr<Clip> load(const std::string& name, const std::string& path, int mtu,
                                                  bool tag);
};

}  // namespace mj::test::farm
