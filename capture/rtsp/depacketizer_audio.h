#pragma once

#include "capture/rtsp/depacketizer.h"

namespace mj::capture::rtsp {

/// RFC 3551 PCMU and PCMA: a packet is a unit, one tick per sample and channel.
class DepacketizerG711 final : public Depacketizer {
 public:
  DepacketizerG711(const Track& track, UnitSink& sink)
      : Depacketizer(sink), channels_(static_cast<uint32_t>(track.channels)) {}
  void push(const RtpPacket& packet) override;
  void lost() override { gap_ = true; }
  void flush() override {}

 private:
  uint32_t channels_;
  bool gap_ = false;
};

/// RFC 3640 AAC: one or more whole access units per packet, or a piece of one. Every unit is a key unit.
class DepacketizerAac final : public Depacketizer {
 public:
  DepacketizerAac(const Track& track, UnitSink& sink);
  void push(const RtpPacket& packet) override;
  void lost() override;
  void flush() override { drop_piece(); }

 private:
  void emit(BytesView frame, uint32_t rtp_time);
  void take_piece(BytesView piece, std::size_t whole, const RtpPacket& packet);
  void drop_piece();

  int size_bits_;
  int index_bits_;
  int delta_bits_;
  bool gap_ = false;
  Bytes piece_;  // of a unit that spans packets
  std::size_t piece_whole_ = 0;
};

}  // namespace mj::capture::rtsp
