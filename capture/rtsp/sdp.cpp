#include "capture/rtsp/sdp.h"

#include <array>

#include "capture/rtsp/text.h"

namespace mj::capture::rtsp {
namespace {

constexpr std::size_t kMaxSpropBytes = 4096;
constexpr std::size_t kMaxParameterSets = 16;

Codec codec_named(std::string_view encoding) {
  struct Named {
    std::string_view name;
    Codec codec;
  };
  static constexpr std::array kNames{Named{"H264", Codec::h264},      Named{"H265", Codec::h265},
                                     Named{"HEVC", Codec::h265},      Named{"MPEG4-GENERIC", Codec::aac},
                                     Named{"PCMU", Codec::pcm_mulaw}, Named{"PCMA", Codec::pcm_alaw}};
  for (const auto& [name, codec] : kNames) {
    if (same_word(encoding, name)) return codec;
  }
  return Codec::unknown;
}

/// What a payload type means without rtpmap (RFC 3551 §6).
void set_static_type(Track& track) {
  if (track.payload_type == 0) track.encoding = "PCMU";
  if (track.payload_type == 8) track.encoding = "PCMA";
  if (track.payload_type == 26) track.encoding = "JPEG";
  track.codec = codec_named(track.encoding);
}

Track media_line(std::string_view value) {
  Track track;
  const std::string_view media = cut(value, ' ');
  if (same_word(media, "video")) track.kind = Track::Kind::video;
  if (same_word(media, "audio")) track.kind = Track::Kind::audio;
  value = trim(value);
  cut(value, ' ');  // port: with RTSP it says nothing
  value = trim(value);
  cut(value, ' ');  // profile: the Transport header decides
  if (const auto type = leading_number<unsigned>(value); type && *type < 128) {
    track.payload_type = static_cast<uint8_t>(*type);
  }
  track.clock_rate = track.kind == Track::Kind::video ? 90000 : 8000;
  track.encoding = track.kind == Track::Kind::other ? printable(media, 16) : "?";
  set_static_type(track);
  return track;
}

void set_rtpmap(Track& track, std::string_view value) {
  value = trim(value);
  const auto type = leading_number<unsigned>(cut(value, ' '));
  if (!type || *type != track.payload_type) return;
  const std::string_view encoding = trim(cut(value, '/'));
  track.encoding = printable(encoding, 32);
  track.codec = codec_named(encoding);
  if (const auto rate = leading_number<uint32_t>(cut(value, '/')); rate && *rate > 0 && *rate <= 1'000'000) {
    track.clock_rate = *rate;
  }
  if (const auto channels = leading_number<int>(value); channels && *channels > 0 && *channels <= 8) {
    track.channels = *channels;
  }
}

Bytes decode_hex(std::string_view text) {
  Bytes out;
  for (std::size_t i = 0; i + 1 < text.size() && out.size() < 64; i += 2) {
    const auto byte = leading_number<uint8_t>(text.substr(i, 2), 16);
    if (!byte) break;
    out.push_back(*byte);
  }
  return out;
}

void add_parameter_sets(Track& track, std::string_view list) {
  while (!list.empty() && track.parameter_sets.size() < kMaxParameterSets) {
    Bytes nal = decode_base64(trim(cut(list, ',')));
    if (nal.size() > 1) track.parameter_sets.push_back(std::move(nal));
  }
}

void set_bits(int& bits, std::string_view value) {
  if (const auto n = leading_number<int>(value); n && *n >= 0 && *n <= 16) bits = *n;
}

void set_fmtp(Track& track, std::string_view value) {
  value = trim(value);
  cut(value, ' ');  // the payload type: cameras that write a wrong one mean this track all the same
  while (!value.empty()) {
    std::string_view parameter = cut(value, ';');
    const std::string_view name = trim(cut(parameter, '='));
    parameter = trim(parameter);
    if (starts_with_word(name, "sprop-") && !same_word(name, "sprop-max-don-diff")) {
      add_parameter_sets(track, parameter);
    } else if (same_word(name, "config") && track.kind == Track::Kind::audio) {
      track.aac_config = decode_hex(parameter);
    } else if (same_word(name, "sizelength")) {
      set_bits(track.au_size_bits, parameter);
    } else if (same_word(name, "indexlength")) {
      set_bits(track.au_index_bits, parameter);
    } else if (same_word(name, "indexdeltalength")) {
      set_bits(track.au_index_delta_bits, parameter);
    }
  }
}

void attribute(Description& description, std::string_view line) {
  const std::string_view name = trim(cut(line, ':'));
  Track* track = description.tracks.empty() ? nullptr : &description.tracks.back();
  if (same_word(name, "control")) {
    (track ? track->control : description.control) = std::string(trim(line));
  } else if (track && same_word(name, "rtpmap")) {
    set_rtpmap(*track, line);
  } else if (track && same_word(name, "fmtp")) {
    set_fmtp(*track, line);
  } else if (track && same_word(name, "sendonly")) {
    track->to_camera = true;
  }
}

int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

}  // namespace

Bytes decode_base64(std::string_view text) {
  Bytes out;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int digit = base64_digit(c);
    if (digit < 0 || out.size() == kMaxSpropBytes) break;
    bits = bits << 6 | static_cast<uint32_t>(digit);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out.push_back(static_cast<uint8_t>(bits >> count));
    }
  }
  return out;
}

Result<Description> parse_sdp(std::string_view text) {
  if (text.size() > kMaxSdpBytes) return fail(ErrorKind::invalid, "the description is longer than 64 KiB");
  Description description;
  while (!text.empty()) {
    std::string_view line = trim(cut(text, '\n'));
    if (line.size() < 2 || line[1] != '=') continue;
    const char type = line[0];
    line = trim(line.substr(2));
    if (type == 'm') {
      if (description.tracks.size() == kMaxTracks) {
        return fail(ErrorKind::invalid, "the description has more than 8 tracks");
      }
      description.tracks.push_back(media_line(line));
    } else if (type == 'a') {
      attribute(description, line);
    }
  }
  if (description.tracks.empty()) return fail(ErrorKind::invalid, "the description has no tracks");
  return description;
}

}  // namespace mj::capture::rtsp
