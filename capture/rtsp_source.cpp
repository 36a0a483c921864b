#include "capture/rtsp_source.h"

namespace mj::capture {
namespace {

/// What a person can do about it.
std::string advice(GapCause cause, const std::string& camera) {
  switch (cause) {
    case GapCause::auth_failed:
      return "check user name and password of camera " + camera;
    case GapCause::unsupported:
      return "check the address and the settings of camera " + camera;
    case GapCause::stalled:
      return "restart camera " + camera;
    default:
      return "check camera " + camera + " and the network";
  }
}

}  // namespace

RtspSource::RtspSource(SourceSettings settings, rtsp::Engine& engine, const Clock& clock, Outlet& outlet)
    : settings_(std::move(settings)),
      clock_(clock),
      state_(settings_.stream, clock, outlet),
      builder_(settings_.stream, state_) {
  auto url = rtsp::parse_url(settings_.url);
  if (!url) {
    refused_url_ = "the camera's url is refused: " + url.error().message;
    return;
  }
  rtsp::StreamSpec spec;
  spec.stream = settings_.stream;
  spec.url = std::move(*url);
  spec.user = settings_.user;
  spec.password = settings_.password;
  spec.udp = settings_.transport == config::Transport::udp;
  engine.add(std::move(spec), *this);
}

void RtspSource::start() {
  state_.started();
  if (!refused_url_.empty()) state_.failed(GapCause::unsupported, refused_url_);
}

/// The engine's thread is gone by now: whatever the stream was doing, it is stopped from here on.
void RtspSource::join() {
  state_.failed(GapCause::shutdown, "the recorder was stopped");
}

void RtspSource::on_connecting() {
  state_.connecting("connecting to " + redact_url(settings_.url));
}

void RtspSource::on_play(const rtsp::Track&, const rtsp::Track* audio) {
  std::optional<AudioConfig> config;
  if (audio) config = AudioConfig{audio->codec, audio->clock_rate, audio->channels, audio->aac_config};
  builder_.begin_session(std::move(config));
}

void RtspSource::on_sender_report(rtsp::Track::Kind kind, const rtsp::SenderReport& report, SteadyTime) {
  builder_.on_report(kind, report.rtp_time, report.wall);
  if (kind != rtsp::Track::Kind::video) return;
  if (const auto offset = builder_.camera_offset()) state_.clock_measured(*offset, kReportError);
}

void RtspSource::on_ended(GapCause cause, const std::string& detail, Duration retry_in) {
  builder_.end_session();
  if (cause == GapCause::shutdown) return;  // join() tells it, for streams in any state
  const bool news = state_.status().cause != cause;
  const std::string sentence =
      fmt::format("{}: {}; {}", redact_url(settings_.url), detail, advice(cause, settings_.camera));
  spdlog::log(news ? spdlog::level::warn : spdlog::level::debug, "{}: {}: {}; next attempt in {} s",
              settings_.stream, name(cause), sentence,
              std::chrono::ceil<std::chrono::seconds>(retry_in).count());
  state_.failed(cause, sentence);
}

}  // namespace mj::capture
