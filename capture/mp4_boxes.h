#pragma once

#include <string_view>

#include "capture/rtsp/nal_syntax.h"
#include "config/config.h"

/// ISO/IEC 14496-12 boxes as we write them, and the init segment.
namespace mj::capture {

/// Big-endian boxes one inside the other. Use: begin(), numbers, end(); then take().
class BoxWriter {
 public:
  void begin(std::string_view type);
  /// With version and flags (§4.2).
  void begin_full(std::string_view type, uint8_t version, uint32_t flags);
  /// Writes the size of the box that was begun last.
  void end();

  void u8(uint64_t value) { number(value, 1); }
  void u16(uint64_t value) { number(value, 2); }
  void u32(uint64_t value) { number(value, 4); }
  void u64(uint64_t value) { number(value, 8); }
  void text(std::string_view text) { bytes(as_bytes(text)); }
  void bytes(BytesView bytes);
  void zeros(std::size_t count) { out_.resize(out_.size() + count); }
  /// Overwrites four bytes written before.
  void patch_u32(std::size_t offset, uint64_t value);

  [[nodiscard]] std::size_t size() const { return out_.size(); }
  void reserve(std::size_t bytes) { out_.reserve(bytes); }
  [[nodiscard]] Bytes take() { return std::move(out_); }

 private:
  void number(uint64_t value, int width);

  Bytes out_;
  std::vector<std::size_t> open_;  // offsets of boxes not ended yet
};

inline constexpr uint32_t kVideoTrack = 1;
inline constexpr uint32_t kAudioTrack = 2;
inline constexpr uint32_t kVideoTimescale = 90'000;

/// Sound as sent: never re-encoded.
struct AudioConfig {
  rtsp::Codec codec = rtsp::Codec::unknown;  ///< pcm_alaw, pcm_mulaw or aac
  uint32_t rate = 8000;                      ///< samples per second; also the track's timescale
  int channels = 1;
  Bytes aac_config;  ///< AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1)
  friend bool operator==(const AudioConfig&, const AudioConfig&) = default;
};

/// `ftyp moov` for fragments (mvex); the audio as track 2 when there is any.
[[nodiscard]] Bytes make_init(const rtsp::VideoConfig& video, const AudioConfig* audio);

/// What MSE is asked for: `video/mp4; codecs="avc1.640028"` (RFC 6381; ISO/IEC 14496-15 Annex E for hvc1).
[[nodiscard]] std::string mime_of(const rtsp::VideoConfig& video);

/// "pcm_alaw", "pcm_mulaw" or "aac".
[[nodiscard]] const char* name_of_audio(rtsp::Codec codec);

/// 64-bit NTP time (RFC 5905 §6) as `prft` wants it, exact to the microsecond. Its seconds come round in
/// 2036.
[[nodiscard]] uint64_t to_ntp(WallTime wall);

}  // namespace mj::capture
