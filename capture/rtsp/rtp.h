#pragma once

#include <cstdint>
#include <optional>

#include "config/config.h"

namespace mj::capture::rtsp {

/// An RTP packet (RFC 3550 §5.1); `payload` is a view into what was parsed.
struct RtpPacket {
  uint16_t sequence = 0;
  uint32_t timestamp = 0;
  uint32_t ssrc = 0;
  uint8_t payload_type = 0;
  bool marker = false;
  BytesView payload;
};

/// Nothing when it is no RTP packet or its lengths lie.
[[nodiscard]] std::optional<RtpPacket> parse_rtp(BytesView bytes);

[[nodiscard]] inline uint16_t read_u16(const uint8_t* p) {
  return static_cast<uint16_t>(p[0] << 8 | p[1]);
}
[[nodiscard]] inline uint32_t read_u32(const uint8_t* p) {
  return static_cast<uint32_t>(p[0]) << 24 | static_cast<uint32_t>(p[1]) << 16 |
         static_cast<uint32_t>(p[2]) << 8 | p[3];
}

/// Follows one sender's sequence numbers and counts for receiver reports (RFC 3550 §A.3).
/// Owner: a track. Does not: reorder (ReorderBuffer does, for UDP).
class SequenceTracker {
 public:
  enum class Verdict {
    in_order,
    after_loss,  ///< packets before this one are missing
    late,        ///< a duplicate, or too late to be of use: ignore it
    restarted,   ///< another sender, or the camera began anew
  };
  [[nodiscard]] Verdict next(const RtpPacket& packet);

  [[nodiscard]] uint64_t lost() const { return lost_; }
  [[nodiscard]] uint64_t received() const { return received_; }
  [[nodiscard]] uint32_t ssrc() const { return ssrc_; }
  /// Cycles in the upper half, as a report block wants it.
  [[nodiscard]] uint32_t extended_highest() const { return cycles_ << 16 | last_; }

 private:
  bool started_ = false;
  uint16_t last_ = 0;
  uint32_t cycles_ = 0;
  uint32_t ssrc_ = 0;
  uint64_t lost_ = 0;
  uint64_t received_ = 0;
  unsigned late_in_a_row_ = 0;
};

}  // namespace mj::capture::rtsp
