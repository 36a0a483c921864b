#include "tests/capture/rtsp/packets.h"

#include "capture/rtsp/rtp.h"

namespace mj::test {

using namespace capture::rtsp;

Bytes from_hex(std::string_view hex) {
  Bytes out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out.push_back(static_cast<uint8_t>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return out;
}

Bytes join(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const auto& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

Bytes h264::slice(bool key, std::size_t size, bool first, bool intra) {
  // first_mb_in_slice ue(0) or ue(1), slice_type ue(7) (I) or ue(5) (P)
  const uint8_t head = intra || key ? (first ? 0x88 : 0x44) : (first ? 0x9A : 0x4D);
  Bytes nal{static_cast<uint8_t>(key ? 0x65 : 0x41), head};
  while (nal.size() < size) nal.push_back(static_cast<uint8_t>(0x40 | (nal.size() & 0x3F)));
  return nal;
}

Bytes h265::slice(bool key, std::size_t size, bool first) {
  Bytes nal{static_cast<uint8_t>((key ? 19 : 1) << 1), 0x01, static_cast<uint8_t>(first ? 0xA0 : 0x20)};
  while (nal.size() < size) nal.push_back(static_cast<uint8_t>(0x40 | (nal.size() & 0x3F)));
  return nal;
}

Bytes rtp(const PacketFields& fields, const Bytes& payload) {
  Bytes out{0x80, static_cast<uint8_t>((fields.marker ? 0x80 : 0) | fields.type),
            static_cast<uint8_t>(fields.sequence >> 8), static_cast<uint8_t>(fields.sequence)};
  for (const uint32_t word : {fields.time, fields.ssrc}) {
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<uint8_t>(word >> shift));
  }
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

namespace {

std::vector<Bytes> fragments(const Bytes& head, uint8_t type, BytesView body, std::size_t count) {
  std::vector<Bytes> out;
  const std::size_t step = (body.size() + count - 1) / count;
  for (std::size_t i = 0; i < count; ++i) {
    Bytes packet = head;
    packet.push_back(static_cast<uint8_t>(type | (i == 0 ? 0x80 : 0) | (i + 1 == count ? 0x40 : 0)));
    const BytesView part = body.subspan(std::min(i * step, body.size()));
    const BytesView piece = part.first(std::min(step, part.size()));
    packet.insert(packet.end(), piece.begin(), piece.end());
    out.push_back(std::move(packet));
  }
  return out;
}

}  // namespace

std::vector<Bytes> fu_a(const Bytes& nal, std::size_t count) {
  return fragments({static_cast<uint8_t>((nal[0] & 0xE0) | 28)}, nal[0] & 0x1F, BytesView(nal).subspan(1),
                   count);
}

std::vector<Bytes> fu_h265(const Bytes& nal, std::size_t count) {
  return fragments({static_cast<uint8_t>((nal[0] & 0x81) | 49 << 1), nal[1]}, nal[0] >> 1 & 0x3F,
                   BytesView(nal).subspan(2), count);
}

Bytes stap_a(std::initializer_list<Bytes> nals) {
  Bytes out{24};
  for (const auto& nal : nals) {
    out.push_back(static_cast<uint8_t>(nal.size() >> 8));
    out.push_back(static_cast<uint8_t>(nal.size()));
    out.insert(out.end(), nal.begin(), nal.end());
  }
  return out;
}

void UnitLog::on_unit(const Unit& unit) {
  units.push_back({unit, Bytes(payload_.end() - static_cast<std::ptrdiff_t>(unit.bytes), payload_.end())});
}

std::vector<Bytes> UnitLog::nals(std::size_t i) const {
  std::vector<Bytes> out;
  BytesView rest(units.at(i).bytes);
  while (rest.size() >= 4) {
    const std::size_t size = read_u32(rest.data());
    if (size > rest.size() - 4) return {};
    out.emplace_back(rest.begin() + 4, rest.begin() + 4 + static_cast<std::ptrdiff_t>(size));
    rest = rest.subspan(4 + size);
  }
  return rest.empty() ? out : std::vector<Bytes>{};
}

Sender& Sender::send(const Bytes& payload, bool marker) {
  RtpPacket packet;
  packet.sequence = sequence_++;
  packet.timestamp = time_;
  packet.marker = marker;
  packet.payload = payload;
  to_.push(packet);
  return *this;
}

Track video_track(Codec codec, std::initializer_list<std::string_view> sets) {
  Track track;
  track.kind = Track::Kind::video;
  track.codec = codec;
  track.payload_type = 96;
  track.clock_rate = 90000;
  for (const auto& set : sets) track.parameter_sets.push_back(from_hex(set));
  return track;
}

}  // namespace mj::test
