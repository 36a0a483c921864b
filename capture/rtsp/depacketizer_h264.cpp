#include "capture/rtsp/depacketizer_h264.h"

#include <array>

#include "capture/rtsp/h264_syntax.h"

namespace mj::capture::rtsp {
namespace {

// NAL unit types of RFC 6184 §5.2.
constexpr uint8_t kStapA = 24;
constexpr uint8_t kFuA = 28;

}  // namespace

DepacketizerH264::DepacketizerH264(const Track& track, UnitSink& sink)
    : Depacketizer(sink), units_(std::make_unique<H264Syntax>(), sink, counts_) {
  for (const auto& nal : track.parameter_sets) units_.learn(nal);
}

void DepacketizerH264::push(const RtpPacket& packet) {
  if (packet.payload.empty()) return;
  units_.begin_packet(packet.timestamp);
  const uint8_t type = packet.payload[0] & 0x1F;
  if (type == kFuA) {
    fragment(packet.payload);
  } else if (type == kStapA) {
    if (!units_.add_aggregate(packet.payload.subspan(1))) ++counts_.malformed_packets;
  } else if (type < kStapA) {
    units_.add(packet.payload);  // type 0 is nobody's, but some send start codes in its place
  } else {
    ++counts_.malformed_packets;
    units_.lost();
  }
  units_.end_packet(packet.marker);
}

void DepacketizerH264::fragment(BytesView payload) {
  if (payload.size() < 2) {
    ++counts_.malformed_packets;
    return;
  }
  const bool start = (payload[1] & 0x80) != 0;
  const bool end = (payload[1] & 0x40) != 0;
  if (start) {
    const std::array<uint8_t, 1> header{static_cast<uint8_t>((payload[0] & 0xE0) | (payload[1] & 0x1F))};
    units_.begin_nal(header);
  } else if (!units_.in_nal()) {
    ++counts_.malformed_packets;  // its beginning is missing
    units_.lost();
    return;
  }
  units_.append(payload.subspan(2));
  if (end) units_.end_nal();
}

}  // namespace mj::capture::rtsp
