#pragma once

#include "tests/support/camera_farm/clip.h"

namespace mj::test::farm {

/// Cuts NAL units into RTP packets (RFC 6184 FU-A, RFC 7798 FU) behind each other in one buffer.
/// Owner: the loader of a clip; `out` must outlive it. Channel, sequence, timestamp and SSRC stay zero: they
/// are patched when a session sends.
class Packetiser {
 public:
  Packetiser(Bytes& out, int mtu) : out_(out), max_(static_cast<size_t>(mtu - kRtpHeader)) {}

  void begin(Unit& unit);
  void end() { unit_->length = static_cast<uint32_t>(out_.size() - unit_->offset); }

  struct Span {
    const uint8_t* data = nullptr;
    size_t size = 0;
  };
  void packet(int payload_type, bool marker, Span head, Span body);
  /// `last`: the unit's last NAL, which bears the marker.
  void nal(Codec codec, int payload_type, Span nal, bool last);
  [[nodiscard]] size_t position() const { return out_.size(); }

 private:
  Bytes& out_;
  size_t max_;
  Unit* unit_ = nullptr;
};

}  // namespace mj::test::farm
