// The requests of a session before media flows.

#include <algorithm>

#include "capture/rtsp/session.h"
#include "capture/rtsp/text.h"

namespace mj::capture::rtsp {
namespace {

constexpr int kUnsupportedTransport = 461;
constexpr int kForbidden = 403;
constexpr int kNotFound = 404;
constexpr int kNotEnoughBandwidth = 453;

bool is_good(const Message& reply) {
  return reply.status >= 200 && reply.status < 300;
}

/// The names of what we cannot record, for a sentence.
std::string encodings_of(const Description& description, Track::Kind kind) {
  std::string names;
  for (const auto& track : description.tracks) {
    if (track.kind != kind) continue;
    if (!names.empty()) names += ", ";
    names += track.encoding;
  }
  return names;
}

bool can_record(const Track& track) {
  if (track.codec == Codec::unknown || track.to_camera) return false;
  const bool video = track.codec == Codec::h264 || track.codec == Codec::h265;
  if (video != (track.kind == Track::Kind::video)) return false;
  return track.codec != Codec::aac || track.aac_config.size() >= 2;
}

}  // namespace

Task<Outcome<void>> Session::negotiate() {
  phase_ = "OPTIONS";
  auto options = co_await dialogue_->ask("OPTIONS", url_.to_string(), {});
  if (!options) co_return tl::unexpected(options.error());
  const auto offered = options->header("Public");
  if (!offered.empty() && offered.find("GET_PARAMETER") == std::string_view::npos)
    keepalive_ = Keepalive::options;

  phase_ = "DESCRIBE";
  auto description = co_await describe();
  if (!description) co_return tl::unexpected(description.error());
  if (auto chosen = choose_tracks(*description); !chosen) co_return chosen;

  phase_ = "SETUP";
  if (auto done = co_await set_up_tracks(); !done) co_return done;
  phase_ = "PLAY";
  co_return co_await play();
}

Task<Outcome<Description>> Session::describe() {
  const auto reply = co_await dialogue_->ask("DESCRIBE", url_.to_string(), {{"Accept", "application/sdp"}});
  if (!reply) co_return tl::unexpected(reply.error());
  if (!is_good(*reply)) co_return refused("DESCRIBE", *reply);
  auto description = parse_sdp(reply->body);
  if (!description) co_return ended(GapCause::unsupported, description.error().message);
  const auto base = reply->header("Content-Base");
  base_ = base_url(url_, base.empty() ? reply->header("Content-Location") : base);
  control_url_ = control_url(base_, description->control);
  co_return std::move(*description);
}

Outcome<void> Session::choose_tracks(const Description& description) {
  for (const auto kind : {Track::Kind::video, Track::Kind::audio}) {
    const auto found = std::ranges::find_if(
        description.tracks, [&](const Track& track) { return track.kind == kind && can_record(track); });
    if (found != description.tracks.end()) {
      tracks_.push_back(*found);
    } else if (kind == Track::Kind::video) {
      const std::string sent = encodings_of(description, kind);
      if (sent.empty()) return ended(GapCause::unsupported, "the camera's description has no video");
      return ended(GapCause::unsupported,
                   fmt::format("the camera offers {}, but no H.264 or H.265 video", sent));
    }
  }
  return {};
}

Task<Outcome<void>> Session::set_up_tracks() {
  bool switched = false;
  for (std::size_t i = 0; i < tracks_.size();) {
    auto reply = co_await set_up(i);
    if (!reply) co_return tl::unexpected(reply.error());
    if (is_good(*reply)) {
      accept_transport(i, reply->header("Transport"));
      ++i;
    } else if (reply->status == kUnsupportedTransport && i == 0 && !switched) {
      switched = true;
      udp_ = !udp_;
      flows_.clear();
    } else if (i > 0) {
      forget_track(i);  // the picture is worth having without the sound
    } else {
      co_return refused("SETUP", *reply);
    }
  }
  co_return Outcome<void>{};
}

Task<Outcome<Message>> Session::set_up(std::size_t track) {
  auto transport = transport_request(track);
  if (!transport) co_return tl::unexpected(transport.error());
  co_return co_await dialogue_->ask("SETUP", control_url(base_, tracks_[track].control),
                                    {{"Transport", std::move(*transport)}});
}

Outcome<std::string> Session::transport_request(std::size_t track) {
  if (!udp_) return fmt::format("RTP/AVP/TCP;unicast;interleaved={}-{}", 2 * track, 2 * track + 1);
  auto flow = UdpFlow::open(around_.executor, dialogue_->peer().is_v6());
  if (!flow) return ended(GapCause::camera_unreachable, flow.error().message);
  flows_.push_back(std::move(*flow));
  return fmt::format("RTP/AVP;unicast;client_port={}-{}", flows_.back()->port(), flows_.back()->port() + 1);
}

void Session::accept_transport(std::size_t track, std::string_view header) {
  const TransportReply reply = parse_transport(header);
  if (udp_) {
    const auto ports = reply.server_port.value_or(TransportReply::Pair{});
    flows_[track]->aim(dialogue_->peer(), ports.media, ports.control);
    flows_[track]->start(track, *this, around_.scratch, around_.clock);
    return;
  }
  const auto wished = static_cast<uint16_t>(2 * track);
  const auto pair =
      reply.interleaved.value_or(TransportReply::Pair{wished, static_cast<uint16_t>(wished + 1)});
  for (const bool control : {false, true}) {
    const auto number = static_cast<uint8_t>(control ? pair.control : pair.media);
    dialogue_->expect_channel(number);
    if (channels_[number].track == kNoTrack) channels_[number] = {static_cast<uint8_t>(track), control};
  }
}

void Session::forget_track(std::size_t track) {
  tracks_.erase(tracks_.begin() + static_cast<std::ptrdiff_t>(track));
  if (udp_ && flows_.size() > track) {
    flows_[track]->close();
    flows_.erase(flows_.begin() + static_cast<std::ptrdiff_t>(track));
  }
}

Task<Outcome<void>> Session::play() {
  sink_.on_play(tracks_.front(), tracks_.size() > 1 ? &tracks_[1] : nullptr);
  for (const auto& track : tracks_) receivers_.push_back(std::make_unique<Receiver>(track, sink_));
  const auto reply = co_await dialogue_->ask("PLAY", control_url_, {{"Range", "npt=0.000-"}});
  if (!reply) co_return tl::unexpected(reply.error());
  if (!is_good(*reply)) co_return refused("PLAY", *reply);
  co_return Outcome<void>{};
}

tl::unexpected<Ending> Session::refused(std::string_view what, const Message& reply) const {
  const std::string line = reply.status_line();
  if (reply.status >= 300 && reply.status < 400) {
    const auto target = parse_url(reply.header("Location"));
    if (target && same_word(target->host, url_.host) && (target->tls || !url_.tls)) {
      return tl::unexpected(Ending{GapCause::camera_unreachable, "the camera moved its stream", *target});
    }
    return ended(GapCause::unsupported,
                 fmt::format("the camera sends us to another host ({}), which is refused", line));
  }
  if (reply.status == kForbidden)
    return ended(GapCause::auth_failed, fmt::format("the camera forbids it ({})", line));
  if (reply.status == kNotFound) {
    return ended(GapCause::unsupported, fmt::format("the camera does not know this path ({})", line));
  }
  if (reply.status >= 500 || reply.status == kNotEnoughBandwidth) {
    return ended(GapCause::camera_unreachable,
                 fmt::format("the camera answers {} to {}: it may have no connection left", line, what));
  }
  return ended(GapCause::unsupported, fmt::format("the camera answers {} to {}", line, what));
}

}  // namespace mj::capture::rtsp
