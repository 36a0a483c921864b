#pragma once

#include "capture/rtsp/depacketizer.h"
#include "capture/rtsp/nal_assembler.h"

namespace mj::capture::rtsp {

/// RFC 6184, packetization modes 0 and 1: single NAL units, STAP-A, FU-A. The type in the header of a
/// fragment after the first is not looked at: some cameras change it half way.
class DepacketizerH264 final : public Depacketizer {
 public:
  DepacketizerH264(const Track& track, UnitSink& sink);
  void push(const RtpPacket& packet) override;
  void lost() override { units_.lost(); }
  void flush() override { units_.flush(); }

 private:
  void fragment(BytesView payload);

  NalAssembler units_;
};

}  // namespace mj::capture::rtsp
