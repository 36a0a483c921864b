#include "capture/rtsp/session.h"

#include <algorithm>

namespace mj::capture::rtsp {
namespace {

constexpr int kSessionNotFound = 454;
constexpr int kUnauthorized = 401;

/// RTCP packet types (RFC 3550 §12.1), where RTP has marker and payload type.
bool looks_like_rtcp(BytesView payload) {
  return payload.size() > 1 && payload[1] >= 200 && payload[1] <= 204;
}

int64_t seconds_of(Duration duration) {
  return std::chrono::ceil<std::chrono::seconds>(duration).count();
}

}  // namespace

Session::Session(const StreamSpec& spec, const Url& url, bool udp, Authenticator& auth, MediaSink& sink,
                 const Surroundings& around, Duration first_frame)
    : spec_(spec),
      url_(url),
      udp_(udp),
      auth_(auth),
      sink_(sink),
      around_(around),
      started_(around.clock.steady_now()),
      first_frame_(first_frame) {}

Session::~Session() {
  close();
}

Task<Ending> Session::run() {
  Ending ending;
  auto connection = co_await connect(around_.executor, url_, connecting_);
  if (!connection) {
    ending.detail = connection.error().message;
  } else if (!verdict_) {
    Dialogue::Media& media = *this;
    dialogue_.emplace(std::move(*connection), auth_, around_.scratch, around_.clock, media);
    auto outcome = co_await negotiate();
    if (outcome) outcome = co_await converse();
    if (!outcome) ending = std::move(outcome.error());
  }
  for (const auto& receiver : receivers_) receiver->finish();
  close();
  co_return verdict_ ? *verdict_ : ending;
}

Task<Outcome<void>> Session::converse() {
  phase_ = "";
  next_keepalive_ = around_.clock.steady_now() + dialogue_->session_timeout() / 2;
  playing_ = true;
  while (!goodbye_) {
    if (auto read = co_await dialogue_->pump(); !read) co_return read;
    if (leaving_ && dialogue_->told_status()) co_return ended(GapCause::shutdown, "");
  }
  co_return ended(GapCause::camera_unreachable, "the camera ended the stream");
}

void Session::on_interleaved(uint8_t channel, BytesView payload, SteadyTime arrived) {
  const Channel& meant = channels_[channel];
  const bool control = meant.control || looks_like_rtcp(payload);
  const std::size_t track = control ? meant.track : track_of(meant, payload);
  if (track < receivers_.size()) on_media(track, control, payload, arrived);
}

void Session::on_datagram(std::size_t track, bool control, BytesView payload, SteadyTime arrived) {
  if (track < receivers_.size()) on_media(track, control || looks_like_rtcp(payload), payload, arrived);
}

/// Cameras that answer with no channels, or with the same for both tracks, can still be told apart by payload
/// type.
std::size_t Session::track_of(const Channel& channel, BytesView payload) const {
  if (payload.size() < 2) return kNoTrack;
  const uint8_t type = payload[1] & 0x7F;
  if (channel.track < tracks_.size() && tracks_[channel.track].payload_type == type) return channel.track;
  const auto typed = std::ranges::find(tracks_, type, &Track::payload_type);
  return typed == tracks_.end() ? channel.track : static_cast<std::size_t>(typed - tracks_.begin());
}

void Session::on_media(std::size_t track, bool control, BytesView payload, SteadyTime arrived) {
  if (verdict_ && !leaving_) return;
  if (arrival_ != arrived) sink_.on_arrival(arrival_ = arrived);
  Receiver& receiver = *receivers_[track];
  if (control) {
    goodbye_ = receiver.on_rtcp(payload, arrived) || goodbye_;
    return;
  }
  any_packet_ = true;
  receiver.on_rtp(payload, arrived);
  if (!first_frame_at_ && receivers_.front()->counts().units > 0) first_frame_at_ = arrived;
}

void Session::tick(SteadyTime now) {
  if (verdict_) {
    if (leaving_ && now >= leave_by_) close();
    return;
  }
  watch_deadlines(now);
  if (!playing_ || verdict_) return;
  keep_alive(now);
  report_reception(now);
}

void Session::watch_deadlines(SteadyTime now) {
  if (first_frame_at_) {
    if (now - receivers_.front()->last_unit() < around_.limits.stall) return;
    return give_up(GapCause::stalled, fmt::format("the camera is connected but sends no pictures ({} s)",
                                                  seconds_of(around_.limits.stall)));
  }
  if (now - started_ < first_frame_) return;
  const int64_t seconds = seconds_of(first_frame_);
  if (!dialogue_) {
    give_up(GapCause::camera_unreachable, fmt::format("no connection to {} within {} s", url_.host, seconds));
  } else if (*phase_ != '\0') {
    give_up(GapCause::stalled, fmt::format("the camera did not answer {} within {} s", phase_, seconds));
  } else if (pictures_without_key()) {
    give_up(GapCause::stalled,
            fmt::format("pictures come, but within {} s none that a recording can begin with", seconds));
  } else {
    give_up(GapCause::stalled, fmt::format("the camera accepted, but sent no picture within {} s", seconds));
  }
}

void Session::keep_alive(SteadyTime now) {
  if (const auto status = dialogue_->told_status()) {
    if (*status == kSessionNotFound) {
      return give_up(GapCause::camera_unreachable, "the camera has forgotten the session");
    }
    if (*status >= 400 && *status != kUnauthorized) keepalive_ = Keepalive::options;
  }
  if (now < next_keepalive_) return;
  next_keepalive_ = now + dialogue_->session_timeout() / 2;
  dialogue_->tell(keepalive_ == Keepalive::options ? "OPTIONS" : "GET_PARAMETER", control_url_);
}

void Session::report_reception(SteadyTime now) {
  if (now < next_report_) return;
  next_report_ = now + around_.limits.receiver_report;
  for (std::size_t i = 0; i < receivers_.size(); ++i) {
    if (receivers_[i]->packets() == 0) continue;
    const Bytes report = receivers_[i]->receiver_report(now);
    if (udp_) {
      flows_[i]->send_control(report);
      continue;
    }
    const auto channel = std::ranges::find_if(
        channels_, [&](const Channel& c) { return c.control && c.track == static_cast<uint8_t>(i); });
    if (channel != channels_.end()) {
      dialogue_->send_interleaved(static_cast<uint8_t>(channel - channels_.begin()), report);
    }
  }
}

void Session::stop(SteadyTime now) {
  if (verdict_) return;
  verdict_ = Ending{GapCause::shutdown, "the recorder was stopped", std::nullopt};
  if (!playing_) return close();
  leaving_ = true;
  leave_by_ = now + around_.limits.farewell;
  dialogue_->tell("TEARDOWN", control_url_);
}

void Session::give_up(GapCause cause, std::string detail) {
  verdict_ = Ending{cause, std::move(detail), std::nullopt};
  if (dialogue_ && !dialogue_->session_id().empty()) dialogue_->tell("TEARDOWN", control_url_);
  close();
}

void Session::close() {
  if (connecting_ != nullptr) connecting_->cancel();
  if (dialogue_) dialogue_->close();
  for (const auto& flow : flows_) flow->close();
}

bool Session::recorded() const {
  return first_frame_at_.has_value();
}

/// More patience helps a camera whose key pictures are rare, not one whose key pictures we refuse.
bool Session::pictures_without_key() const {
  if (receivers_.empty()) return false;
  const DepacketizerCounts& counts = receivers_.front()->counts();
  return counts.units == 0 && counts.dropped_units > 0 && counts.unusable_keys == 0;
}

}  // namespace mj::capture::rtsp
