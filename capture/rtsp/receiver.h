#pragma once

#include <memory>
#include <optional>

#include "capture/rtsp/depacketizer.h"
#include "capture/rtsp/media_sink.h"
#include "capture/rtsp/rtcp.h"
#include "capture/rtsp/rtp.h"

namespace mj::capture::rtsp {

/// One track of one session: its RTP packets become units for the sink, its RTCP packets news.
/// Owner: a session; `sink` must outlive it. Threads: the session's. Does not: own sockets or clocks; the
/// time of arrival is told with each packet. Fails: never; it counts.
class Receiver final : private UnitSink {
 public:
  Receiver(const Track& track, MediaSink& sink);

  void on_rtp(BytesView bytes, SteadyTime arrived);
  /// True: the camera said goodbye.
  [[nodiscard]] bool on_rtcp(BytesView bytes, SteadyTime arrived);
  /// The stream ends here.
  void finish() { depacketizer_->flush(); }
  [[nodiscard]] Bytes receiver_report(SteadyTime now) const;

  [[nodiscard]] const Track& track() const { return track_; }
  [[nodiscard]] uint64_t packets() const { return sequence_.received(); }
  [[nodiscard]] uint64_t lost_packets() const { return sequence_.lost(); }
  [[nodiscard]] const DepacketizerCounts& counts() const { return depacketizer_->counts(); }
  /// When the last unit was complete; meaningful once counts().units > 0.
  [[nodiscard]] SteadyTime last_unit() const { return last_unit_; }

 private:
  [[nodiscard]] UnitSink& target() {
    return track_.kind == Track::Kind::video ? sink_.video() : sink_.audio();
  }
  Bytes& payload() override { return target().payload(); }
  void on_unit(const Unit& unit) override;

  const Track track_;
  MediaSink& sink_;
  std::unique_ptr<Depacketizer> depacketizer_;
  SequenceTracker sequence_;
  SteadyTime arrived_;  // of the packet being looked at
  SteadyTime last_unit_;
  std::optional<SenderReport> report_;
  SteadyTime report_arrived_;
};

}  // namespace mj::capture::rtsp
