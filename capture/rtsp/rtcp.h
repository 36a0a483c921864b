#pragma once

#include <cstdint>
#include <optional>

#include "config/config.h"

namespace mj::capture::rtsp {

/// A camera's statement that at `wall` (its own clock) its RTP clock showed `rtp_time` (RFC 3550 §6.4.1).
struct SenderReport {
  uint32_t ssrc = 0;
  WallTime wall;
  uint32_t rtp_time = 0;
  uint32_t ntp_middle = 0;  ///< the middle 32 bits of the NTP time: a report block's LSR
};

/// What an RTCP compound packet says that concerns us.
struct RtcpNews {
  std::optional<SenderReport>
      report;  ///< absent also when its NTP time is zero or before 1990: no clock in there
  bool goodbye = false;
};
/// Total: what does not parse says nothing.
[[nodiscard]] RtcpNews parse_rtcp(BytesView bytes);

/// The numbers of one report block (RFC 3550 §6.4.1).
struct ReceptionFacts {
  uint32_t ssrc = 0;              ///< of the sender
  uint32_t extended_highest = 0;  ///< sequence number
  uint64_t received = 0;
  uint64_t lost = 0;
  uint32_t last_report = 0;  ///< SenderReport::ntp_middle, 0 without one
  Duration since_report{0};
};

/// A receiver report with a source description (RFC 3550 §6.4.2, §6.5), as one compound packet.
[[nodiscard]] Bytes write_receiver_report(uint32_t own_ssrc, const ReceptionFacts& facts);

}  // namespace mj::capture::rtsp
