#pragma once

#include "capture/rtsp/depacketizer.h"
#include "capture/rtsp/nal_assembler.h"

namespace mj::capture::rtsp {

/// RFC 7798 without DONL (sprop-max-don-diff 0, what cameras send): single NAL units, AP, FU.
class DepacketizerH265 final : public Depacketizer {
 public:
  DepacketizerH265(const Track& track, UnitSink& sink);
  void push(const RtpPacket& packet) override;
  void lost() override { units_.lost(); }
  void flush() override { units_.flush(); }

 private:
  void fragment(BytesView payload);

  NalAssembler units_;
};

}  // namespace mj::capture::rtsp
