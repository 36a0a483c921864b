#include "capture/rtsp/depacketizer_audio.h"

#include <algorithm>

#include "capture/rtsp/bit_reader.h"
#include "capture/rtsp/depacketizer_h264.h"
#include "capture/rtsp/depacketizer_h265.h"

namespace mj::capture::rtsp {
namespace {

constexpr uint32_t kAacFrameTicks =
    1024;  // ISO/IEC 14496-3: samples per frame, and RFC 3640 ticks count samples
constexpr std::size_t kMaxAacFrame = 8192;  // 6144 bits per channel, eight channels, and some
constexpr std::size_t kMaxAudioPacket = 16 * 1024;

}  // namespace

void DepacketizerG711::push(const RtpPacket& packet) {
  if (packet.payload.empty() || packet.payload.size() > kMaxAudioPacket) {
    ++counts_.malformed_packets;
    return;
  }
  Bytes& out = sink().payload();
  out.insert(out.end(), packet.payload.begin(), packet.payload.end());
  Unit unit;
  unit.rtp_time = packet.timestamp;
  unit.bytes = packet.payload.size();
  unit.key = true;
  unit.after_gap = std::exchange(gap_, false);
  unit.ticks = static_cast<uint32_t>(packet.payload.size()) / channels_;
  ++counts_.units;
  sink().on_unit(unit);
}

DepacketizerAac::DepacketizerAac(const Track& track, UnitSink& sink)
    : Depacketizer(sink),
      size_bits_(track.au_size_bits > 0 ? track.au_size_bits : 13),
      index_bits_(track.au_index_bits),
      delta_bits_(track.au_index_delta_bits) {}

void DepacketizerAac::lost() {
  gap_ = true;
  drop_piece();
}

void DepacketizerAac::drop_piece() {
  if (!piece_.empty()) ++counts_.dropped_units;
  piece_.clear();
  piece_whole_ = 0;
}

void DepacketizerAac::push(const RtpPacket& packet) {
  const BytesView payload = packet.payload;
  if (payload.size() < 2) return;
  const std::size_t header_bits = read_u16(payload.data());
  const std::size_t header_bytes = (header_bits + 7) / 8;
  const auto first_bits = static_cast<std::size_t>(size_bits_ + index_bits_);
  if (header_bits < first_bits || payload.size() < 2 + header_bytes) {
    ++counts_.malformed_packets;
    return lost();
  }
  const std::size_t count =
      1 + (header_bits - first_bits) / static_cast<std::size_t>(size_bits_ + delta_bits_);
  BitReader header(payload.subspan(2, header_bytes));
  BytesView data = payload.subspan(2 + header_bytes);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t size = header.bits(size_bits_);
    header.skip(i == 0 ? index_bits_ : delta_bits_);
    if (size > data.size()) {
      if (count == 1) return take_piece(data, size, packet);
      ++counts_.malformed_packets;
      return lost();
    }
    if (size > 0) emit(data.first(size), packet.timestamp + static_cast<uint32_t>(i) * kAacFrameTicks);
    data = data.subspan(size);
  }
}

void DepacketizerAac::take_piece(BytesView piece, std::size_t whole, const RtpPacket& packet) {
  if (piece_whole_ != whole) drop_piece();
  piece_whole_ = whole;
  if (whole > kMaxAacFrame || piece_.size() + piece.size() > whole) {
    ++counts_.malformed_packets;
    return lost();
  }
  piece_.insert(piece_.end(), piece.begin(), piece.end());
  if (piece_.size() < whole) return;
  emit(piece_, packet.timestamp);
  piece_.clear();
}

void DepacketizerAac::emit(BytesView frame, uint32_t rtp_time) {
  if (frame.size() > kMaxAacFrame) {
    ++counts_.malformed_packets;
    return;
  }
  Bytes& out = sink().payload();
  out.insert(out.end(), frame.begin(), frame.end());
  Unit unit;
  unit.rtp_time = rtp_time;
  unit.bytes = frame.size();
  unit.key = true;
  unit.after_gap = std::exchange(gap_, false);
  unit.ticks = kAacFrameTicks;
  ++counts_.units;
  sink().on_unit(unit);
}

std::unique_ptr<Depacketizer> make_depacketizer(const Track& track, UnitSink& sink) {
  switch (track.codec) {
    case Codec::h264:
      return std::make_unique<DepacketizerH264>(track, sink);
    case Codec::h265:
      return std::make_unique<DepacketizerH265>(track, sink);
    case Codec::aac:
      return std::make_unique<DepacketizerAac>(track, sink);
    case Codec::pcm_mulaw:
    case Codec::pcm_alaw:
      return std::make_unique<DepacketizerG711>(track, sink);
    case Codec::unknown:
      break;
  }
  return nullptr;
}

}  // namespace mj::capture::rtsp
