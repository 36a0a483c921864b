#include "capture/rtsp/receiver.h"

namespace mj::capture::rtsp {
namespace {

constexpr uint32_t kOwnSsrc = 0x4D4A'0001;  // "MJ": nobody else reports to this camera on this connection

}  // namespace

Receiver::Receiver(const Track& track, MediaSink& sink)
    : track_(track), sink_(sink), depacketizer_(make_depacketizer(track, *this)) {}

void Receiver::on_rtp(BytesView bytes, SteadyTime arrived) {
  const auto packet = parse_rtp(bytes);
  if (!packet) return;
  const auto verdict = sequence_.next(*packet);
  if (verdict == SequenceTracker::Verdict::late) return;
  if (verdict != SequenceTracker::Verdict::in_order) depacketizer_->lost();
  arrived_ = arrived;
  depacketizer_->push(*packet);
}

bool Receiver::on_rtcp(BytesView bytes, SteadyTime arrived) {
  const RtcpNews news = parse_rtcp(bytes);
  if (news.report) {
    report_ = news.report;
    report_arrived_ = arrived;
    sink_.on_sender_report(track_.kind, *news.report, arrived);
  }
  return news.goodbye;
}

void Receiver::on_unit(const Unit& unit) {
  last_unit_ = arrived_;
  target().on_unit(unit);
}

Bytes Receiver::receiver_report(SteadyTime now) const {
  ReceptionFacts facts;
  facts.ssrc = sequence_.ssrc();
  facts.extended_highest = sequence_.extended_highest();
  facts.received = sequence_.received();
  facts.lost = sequence_.lost();
  if (report_) {
    facts.last_report = report_->ntp_middle;
    facts.since_report = std::chrono::duration_cast<Duration>(now - report_arrived_);
  }
  return write_receiver_report(kOwnSsrc, facts);
}

}  // namespace mj::capture::rtsp
