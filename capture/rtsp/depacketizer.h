#pragma once

#include <memory>

#include "capture/rtsp/nal_syntax.h"
#include "capture/rtsp/rtp.h"
#include "capture/rtsp/sdp.h"
#include "config/config.h"

namespace mj::capture::rtsp {

constexpr std::size_t kMaxUnitBytes = 4 * 1024 * 1024;  ///< a larger access unit is dropped

/// One access unit (video, NAL units with 4-byte lengths) or audio frame: the last `bytes` of
/// UnitSink::payload().
struct Unit {
  uint32_t rtp_time = 0;  ///< of presentation, as sent: 32 bits, wraps
  std::size_t bytes = 0;
  bool key = false;
  bool after_gap = false;                     ///< units before this one were lost or dropped
  uint32_t ticks = 0;                         ///< audio: duration in RTP ticks; video: 0, not known yet
  std::shared_ptr<const VideoConfig> config;  ///< video: never null
};

/// Receives one track's units. The depacketizer appends straight into the sink's buffer, so that a byte is
/// copied once between socket buffer and fragment.
class UnitSink {
 public:
  virtual ~UnitSink() = default;
  /// The buffer to append to. Between two on_unit() calls always the same, and touched by nobody else.
  [[nodiscard]] virtual Bytes& payload() = 0;
  /// The unit is whole. The sink may take the buffer away; payload() then says where to go on.
  virtual void on_unit(const Unit& unit) = 0;
};

struct DepacketizerCounts {
  uint64_t units = 0;
  uint64_t dropped_units = 0;  ///< whole or in part received, not handed on: damaged, or waiting for a key
  uint64_t unusable_keys = 0;  ///< key pictures among them, whole or not, with no configuration we accept
  uint64_t malformed_packets = 0;
};

/// RTP payloads of one track become units (RFC 6184, RFC 7798, RFC 3640, RFC 3551).
/// Owner: a track of a session; `sink` must outlive it. Threads: the session's. Does not: reorder, decode,
/// know time. Fails: never; what makes no sense is counted and dropped, and after damage everything up to the
/// next key unit.
class Depacketizer {
 public:
  explicit Depacketizer(UnitSink& sink) : sink_(sink) {}
  virtual ~Depacketizer() = default;
  Depacketizer(const Depacketizer&) = delete;
  Depacketizer& operator=(const Depacketizer&) = delete;

  virtual void push(const RtpPacket& packet) = 0;
  /// Packets before the next push() are missing.
  virtual void lost() = 0;
  /// The stream ends here: what is whole goes out, the rest is taken off the sink's buffer.
  virtual void flush() = 0;

  [[nodiscard]] const DepacketizerCounts& counts() const { return counts_; }

 protected:
  [[nodiscard]] UnitSink& sink() { return sink_; }
  DepacketizerCounts counts_;  // NOLINT: the family's own

 private:
  UnitSink& sink_;
};

/// For a track whose codec is known; null for others.
[[nodiscard]] std::unique_ptr<Depacketizer> make_depacketizer(const Track& track, UnitSink& sink);

}  // namespace mj::capture::rtsp
