#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace mj::capture::rtsp {

constexpr std::size_t kMaxSdpBytes = 64 * 1024;
constexpr std::size_t kMaxTracks = 8;

enum class Codec { unknown, h264, h265, aac, pcm_mulaw, pcm_alaw };

/// One `m=` section (RFC 4566 §5.14) and what its attributes say.
struct Track {
  enum class Kind { video, audio, other };
  Kind kind = Kind::other;
  Codec codec = Codec::unknown;
  std::string encoding;  ///< as the camera names it, printable: for messages about unknown codecs
  uint8_t payload_type = 0;
  uint32_t clock_rate = 0;  ///< RTP ticks per second, > 0
  int channels = 1;
  std::string control;
  bool to_camera = false;             ///< a=sendonly: the camera's loudspeaker, not footage
  std::vector<Bytes> parameter_sets;  ///< NAL units of sprop-*; what did not parse is left out
  Bytes aac_config;                   ///< AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1)
  int au_size_bits = 13;  ///< RFC 3640 §4.1 sizelength, indexlength, indexdeltalength (AAC-hbr's by default)
  int au_index_bits = 3;
  int au_index_delta_bits = 3;
};

struct Description {
  std::string control;  ///< session level, "" or "*" when there is none
  std::vector<Track> tracks;
};

/// Reads an SDP as cameras write it: LF line ends, blanks anywhere, missing o= s= t= and rtpmap are all
/// borne. Errors: invalid (longer than 64 KiB, more than 8 m= lines, no m= line).
[[nodiscard]] Result<Description> parse_sdp(std::string_view text);

/// Base64 as found in sprop-*: padding may be missing; ends at the first foreign character. At most 4 KiB
/// out.
[[nodiscard]] Bytes decode_base64(std::string_view text);

}  // namespace mj::capture::rtsp
