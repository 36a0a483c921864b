#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mj::capture::rtsp {

/// What of a SETUP reply's Transport header (RFC 2326 §12.39) we act upon. Everything in it is optional:
/// cameras leave out the channels, answer RTP/AVP to RTP/AVP/TCP and write blanks into the SSRC.
struct TransportReply {
  struct Pair {
    uint16_t media = 0;
    uint16_t control = 0;
  };
  std::optional<Pair> interleaved;
  std::optional<Pair> server_port;
};

[[nodiscard]] TransportReply parse_transport(std::string_view header);

}  // namespace mj::capture::rtsp
