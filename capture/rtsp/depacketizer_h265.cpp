#include "capture/rtsp/depacketizer_h265.h"

#include <array>

#include "capture/rtsp/h265_syntax.h"

namespace mj::capture::rtsp {
namespace {

// NAL unit types of RFC 7798 §4.4.
constexpr uint8_t kAggregation = 48;
constexpr uint8_t kFragment = 49;

}  // namespace

DepacketizerH265::DepacketizerH265(const Track& track, UnitSink& sink)
    : Depacketizer(sink), units_(std::make_unique<H265Syntax>(), sink, counts_) {
  for (const auto& nal : track.parameter_sets) units_.learn(nal);
}

void DepacketizerH265::push(const RtpPacket& packet) {
  if (packet.payload.empty()) return;
  units_.begin_packet(packet.timestamp);
  const uint8_t type = packet.payload[0] >> 1 & 0x3F;
  if (packet.payload.size() < 3) {
    ++counts_.malformed_packets;
  } else if (type == kFragment) {
    fragment(packet.payload);
  } else if (type == kAggregation) {
    if (!units_.add_aggregate(packet.payload.subspan(2))) ++counts_.malformed_packets;
  } else if (type < kAggregation) {
    units_.add(packet.payload);
  } else {
    ++counts_.malformed_packets;
    units_.lost();
  }
  units_.end_packet(packet.marker);
}

void DepacketizerH265::fragment(BytesView payload) {
  const bool start = (payload[2] & 0x80) != 0;
  const bool end = (payload[2] & 0x40) != 0;
  if (start) {
    const std::array<uint8_t, 2> header{static_cast<uint8_t>((payload[0] & 0x81) | (payload[2] & 0x3F) << 1),
                                        payload[1]};
    units_.begin_nal(header);
  } else if (!units_.in_nal()) {
    ++counts_.malformed_packets;
    units_.lost();
    return;
  }
  units_.append(payload.subspan(3));
  if (end) units_.end_nal();
}

}  // namespace mj::capture::rtsp
