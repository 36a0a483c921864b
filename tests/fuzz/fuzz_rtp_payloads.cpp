// RTP packets of any of the codecs: units are whole, their lengths add up, nothing grows without bound.
// Input: a byte that chooses the codec, then packets, each after two bytes of length.

#include <array>
#include <cstdlib>

#include "capture/rtsp/depacketizer.h"

namespace {

using namespace mj;
using namespace mj::capture::rtsp;

class Check final : public UnitSink {
 public:
  explicit Check(bool video) : video_(video) {}
  Bytes& payload() override { return payload_; }
  void on_unit(const Unit& unit) override {
    if (unit.bytes > payload_.size() || unit.bytes > kMaxUnitBytes || (video_ && !unit.config)) std::abort();
    std::size_t at = payload_.size() - unit.bytes;
    while (video_ && at < payload_.size()) {
      if (payload_.size() - at < 4) std::abort();
      const std::size_t nal = read_u32(&payload_[at]);
      if (nal > payload_.size() - at - 4) std::abort();
      at += 4 + nal;
    }
    payload_.clear();
  }

 private:
  bool video_;
  Bytes payload_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  constexpr std::array kCodecs{Codec::h264, Codec::h265, Codec::aac, Codec::pcm_alaw};
  if (size < 1) return 0;
  Track track;
  track.codec = kCodecs[data[0] % kCodecs.size()];
  const bool video = track.codec == Codec::h264 || track.codec == Codec::h265;
  track.kind = video ? Track::Kind::video : Track::Kind::audio;
  track.clock_rate = 90000;
  Check check(video);
  const auto depacketizer = make_depacketizer(track, check);
  SequenceTracker sequence;
  BytesView rest(data + 1, size - 1);
  while (rest.size() > 2) {
    const std::size_t length = std::min<std::size_t>(read_u16(rest.data()), rest.size() - 2);
    const auto packet = parse_rtp(rest.subspan(2, length));
    rest = rest.subspan(2 + length);
    if (!packet) continue;
    const auto verdict = sequence.next(*packet);
    if (verdict == SequenceTracker::Verdict::late) continue;
    if (verdict != SequenceTracker::Verdict::in_order) depacketizer->lost();
    depacketizer->push(*packet);
  }
  depacketizer->flush();
  return 0;
}
