#include "capture/rtsp_source.h"

namespace mj::capture {

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

void RtspSource::on_connecting() {
  state_.connecting("connecting to " + redact_url(settings_.url));
}

void RtspSource::on_play(const rtsp::Track&, const rtsp::Track* audio) {
  std::optional<AudioConfig> config;
  if (audio) config = AudioConfig{audio->codec, audio->clock_rate, audio->channels, audio->aac_config};
  builder_.begin_session(std::move(config));
}

void RtspSource::on_ended(GapCause cause, const std::string& detail, Duration retry_in) {
  builder_.end_session();
  const bool news = state_.status().cause != cause && cause != GapCause::shutdown;
  spdlog::log(news ? spdlog::level::warn : spdlog::level::debug, "{}: {}: {}; next attempt in {} s",
              settings_.stream, name(cause), detail,
              std::chrono::ceil<std::chrono::seconds>(retry_in).count());
  state_.failed(cause, detail);
}

}  // namespace mj::capture
