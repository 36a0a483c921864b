#include "capture/rtsp/rtp.h"

namespace mj::capture::rtsp {
namespace {

constexpr std::size_t kFixedHeader = 12;
constexpr int kMostLost = 3000;  // a jump beyond this is a restart, not a loss (RFC 3550 §A.1 MAX_DROPOUT)
constexpr unsigned kMostLate = 64;  // so many "late" packets in a row: the numbering went back for good

}  // namespace

std::optional<RtpPacket> parse_rtp(BytesView bytes) {
  if (bytes.size() < kFixedHeader || bytes[0] >> 6 != 2) return std::nullopt;
  RtpPacket packet;
  packet.marker = (bytes[1] & 0x80) != 0;
  packet.payload_type = bytes[1] & 0x7F;
  packet.sequence = read_u16(&bytes[2]);
  packet.timestamp = read_u32(&bytes[4]);
  packet.ssrc = read_u32(&bytes[8]);
  std::size_t begin = kFixedHeader + 4U * (bytes[0] & 0x0F);
  if ((bytes[0] & 0x10) != 0) {
    if (bytes.size() < begin + 4) return std::nullopt;
    begin += 4 + 4U * read_u16(&bytes[begin + 2]);
  }
  std::size_t end = bytes.size();
  if ((bytes[0] & 0x20) != 0) end -= std::min<std::size_t>(end, bytes.back());
  if (begin > end) return std::nullopt;
  packet.payload = bytes.subspan(begin, end - begin);
  return packet;
}

SequenceTracker::Verdict SequenceTracker::next(const RtpPacket& packet) {
  const bool first = !started_;
  const auto step = static_cast<int16_t>(packet.sequence - last_);
  const bool other_sender = packet.ssrc != ssrc_;
  if (!first && !other_sender && step <= 0 && ++late_in_a_row_ < kMostLate) return Verdict::late;
  late_in_a_row_ = 0;
  ++received_;
  if (first || other_sender || step <= 0 || step > kMostLost) {
    started_ = true;
    ssrc_ = packet.ssrc;
    last_ = packet.sequence;
    cycles_ = 0;
    return first ? Verdict::in_order : Verdict::restarted;
  }
  if (packet.sequence < last_) ++cycles_;
  last_ = packet.sequence;
  lost_ += static_cast<uint64_t>(step - 1);
  return step == 1 ? Verdict::in_order : Verdict::after_loss;
}

}  // namespace mj::capture::rtsp
