#pragma once

#include <memory>

#include "capture/rtsp/depacketizer.h"
#include "capture/rtsp/nal_syntax.h"

namespace mj::capture::rtsp {

/// NAL units become access units: the part H.264 and H.265 have in common.
/// Owner: a video depacketizer; `sink` and `counts` must outlive it. Does not: know RTP payload formats.
/// A unit ends at the marker or when the RTP time changes, but never without a picture in it: SEI and
/// parameter sets sent alone go with the picture that follows. Markers are distrusted once a camera sets them
/// on every slice. Fails: a damaged unit is taken off the buffer again, and all others up to the next key
/// unit.
class NalAssembler {
 public:
  NalAssembler(std::unique_ptr<NalSyntax> syntax, UnitSink& sink, DepacketizerCounts& counts)
      : syntax_(std::move(syntax)), sink_(sink), counts_(counts) {}

  /// Before the NAL units of a packet.
  void begin_packet(uint32_t rtp_time);
  /// After them.
  void end_packet(bool marker);

  /// A whole NAL unit.
  void add(BytesView nal) {
    begin_nal(nal);
    end_nal();
  }
  /// Several, each after its 16-bit size (RFC 6184 §5.7.1, RFC 7798 §4.4.2). False: the sizes lie; taken for
  /// a loss.
  bool add_aggregate(BytesView sized);
  /// One in pieces.
  void begin_nal(BytesView first);
  void append(BytesView more);
  void end_nal();
  [[nodiscard]] bool in_nal() const { return nal_open_; }

  /// A parameter set from the SDP.
  void learn(BytesView nal);
  void lost();
  void flush();

 private:
  [[nodiscard]] Bytes& buffer() { return sink_.payload(); }
  void open_unit();
  void take_in(BytesView nal);
  bool split_annex_b(std::size_t begin);
  void note_picture(BytesView nal, bool key);
  void finish_unit();
  void emit();
  void drop_unit();

  std::unique_ptr<NalSyntax> syntax_;
  std::shared_ptr<const VideoConfig> config_;  // changes at key units only
  UnitSink& sink_;
  DepacketizerCounts& counts_;

  bool unit_open_ = false;
  std::size_t unit_begin_ = 0;  // offset in buffer()
  bool nal_open_ = false;
  std::size_t nal_begin_ = 0;  // offset of its length
  uint32_t time_ = 0;
  bool has_picture_ = false;
  bool key_ = false;
  bool recovery_ = false;  // an SEI said that decoding can start here
  bool damaged_ = false;
  bool waiting_for_key_ = true;
  bool gap_ = false;
  bool distrust_markers_ = false;
  bool emitted_any_ = false;
  uint32_t emitted_time_ = 0;
};

}  // namespace mj::capture::rtsp
