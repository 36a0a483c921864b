#include "tests/support/camera_farm/packetiser.h"

#include <algorithm>

namespace mj::test::farm {

void Packetiser::begin(Unit& unit) {
  unit_ = &unit;
  unit.offset = out_.size();
}

void Packetiser::packet(int payload_type, bool marker, Span head, Span body) {
  const size_t size = kRtpHeader + head.size + body.size;
  uint8_t header[kInterleavedHeader + kRtpHeader] = {};
  header[0] = '$';
  header[2] = static_cast<uint8_t>(size >> 8);
  header[3] = static_cast<uint8_t>(size);
  header[4] = 0x80;
  header[5] = static_cast<uint8_t>((marker ? 0x80 : 0) | payload_type);
  out_.insert(out_.end(), header, header + sizeof header);
  out_.insert(out_.end(), head.data, head.data + head.size);
  out_.insert(out_.end(), body.data, body.data + body.size);
  unit_->packets++;
  unit_->payload_octets += static_cast<uint32_t>(head.size + body.size);
}

void Packetiser::nal(Codec codec, int payload_type, Span nal, bool last) {
  if (nal.size <= max_) return packet(payload_type, last, {}, nal);
  const bool h265 = codec == Codec::h265;
  const size_t nal_head = h265 ? 2 : 1;
  const size_t fu_head = nal_head + 1;
  const size_t chunk = max_ - fu_head;
  uint8_t fu[3] = {};
  if (h265) {
    fu[0] = static_cast<uint8_t>((nal.data[0] & 0x81) | 49 << 1);
    fu[1] = nal.data[1];
  } else {
    fu[0] = static_cast<uint8_t>((nal.data[0] & 0xE0) | 28);
  }
  const int type = h265 ? (nal.data[0] >> 1) & 63 : nal.data[0] & 31;
  for (size_t at = nal_head; at < nal.size; at += chunk) {
    const size_t size = std::min(chunk, nal.size - at);
    const bool first = at == nal_head;
    const bool end = at + size == nal.size;
    fu[fu_head - 1] = static_cast<uint8_t>(type | (first ? 0x80 : 0) | (end ? 0x40 : 0));
    packet(payload_type, last && end, {fu, fu_head}, {nal.data + at, size});
  }
}

}  // namespace mj::test::farm
