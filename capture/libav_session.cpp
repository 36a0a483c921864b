#include "capture/libav_session.h"

#include <algorithm>

#include "capture/libav_log.h"
#include "capture/rtsp/h264_syntax.h"
#include "capture/rtsp/h265_syntax.h"
#include "capture/rtsp/url.h"

namespace mj::capture {
namespace {

using std::chrono::seconds;

constexpr auto kFirstPicture = seconds(10);
constexpr auto kStall = seconds(10);
constexpr auto kFarewell = seconds(1);
constexpr int64_t kUsualVideoStep = kVideoTimescale / 25;

void append_encoded(std::string& out, std::string_view text) {
  constexpr std::string_view kUnreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  for (const char c : text) {
    if (kUnreserved.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
}

rtsp::Codec codec_of(AVCodecID id) {
  switch (id) {
    case AV_CODEC_ID_H264:
      return rtsp::Codec::h264;
    case AV_CODEC_ID_HEVC:
      return rtsp::Codec::h265;
    case AV_CODEC_ID_AAC:
      return rtsp::Codec::aac;
    case AV_CODEC_ID_PCM_ALAW:
      return rtsp::Codec::pcm_alaw;
    case AV_CODEC_ID_PCM_MULAW:
      return rtsp::Codec::pcm_mulaw;
    default:
      return rtsp::Codec::unknown;
  }
}

bool is_video(rtsp::Codec codec) {
  return codec == rtsp::Codec::h264 || codec == rtsp::Codec::h265;
}

std::unique_ptr<rtsp::NalSyntax> make_syntax(rtsp::Codec codec) {
  if (codec == rtsp::Codec::h265) return std::make_unique<rtsp::H265Syntax>();
  return std::make_unique<rtsp::H264Syntax>();
}

BytesView extradata_of(const AVCodecParameters& parameters) {
  if (!parameters.extradata || parameters.extradata_size <= 0) return {};
  return {parameters.extradata, static_cast<std::size_t>(parameters.extradata_size)};
}

BytesView bytes_of(const AVPacket& packet) {
  return {packet.data, static_cast<std::size_t>(std::max(packet.size, 0))};
}

}  // namespace

std::string url_with_user_info(const std::string& url, const std::string& user, const Secret& password) {
  const auto scheme_end = url.find("://");
  if (user.empty() || scheme_end == std::string::npos) return url;
  std::string out = url.substr(0, scheme_end + 3);
  append_encoded(out, user);
  out += ':';
  append_encoded(out, password.reveal());
  out += '@';
  out += url.substr(scheme_end + 3);
  return out;
}

LibavSession::LibavSession(const SourceSettings& settings, const Clock& clock, const std::atomic<bool>& stop,
                           RunBuilder& builder)
    : settings_(settings), clock_(clock), stop_(stop), builder_(builder) {
  route_libav_log();
}

LibavSession::~LibavSession() {
  closing_ = true;  // lets TEARDOWN out: some cameras keep a session for a minute otherwise
  deadline_ = clock_.steady_now() + kFarewell;
  format_.reset();
}

int LibavSession::interrupted(void* self) {
  return static_cast<LibavSession*>(self)->must_give_up() ? 1 : 0;
}

bool LibavSession::must_give_up() {
  if (clock_.steady_now() > deadline_) return true;
  if (closing_) return false;
  redirected_ = redirected_ || goes_elsewhere();
  return stop_ || redirected_;
}

/// libavformat follows redirects by itself, with our credentials. It asks us while it connects, before it
/// says a word: here is where it ends.
bool LibavSession::goes_elsewhere() const {
  if (!format_ || !format_->url) return false;
  const auto asked = rtsp::parse_url(settings_.url);
  const auto going = rtsp::parse_url(format_->url);
  return asked && (!going || going->host != asked->host);
}

SessionEnd LibavSession::run() {
  deadline_ = clock_.steady_now() + kFirstPicture;
  if (auto end = open()) return *end;
  connected_ = true;
  video_began_ = arrival_now(clock_);
  if (auto end = choose_tracks()) return *end;
  SessionEnd end = read_packets();
  assembler_->flush();
  return end;
}

std::optional<SessionEnd> LibavSession::open() {
  libav::Options options;
  options.set("rtsp_transport", settings_.transport == config::Transport::udp ? "udp" : "tcp");
  options.set("allowed_media_types", "video+audio");
  options.set("max_streams", "8");
  options.set("timeout", "15000000");  // µs, of one socket operation; our own deadlines come first
  format_.reset(avformat_alloc_context());
  format_->interrupt_callback = {&LibavSession::interrupted, this};
  const std::string url = url_with_user_info(settings_.url, settings_.user, settings_.password);
  AVFormatContext* format = format_.get();
  const int error = avformat_open_input(&format, url.c_str(), av_find_input_format("rtsp"), options.get());
  if (error >= 0) return std::nullopt;
  static_cast<void>(format_.release());  // avformat_open_input freed it
  return explain(error);
}

std::optional<SessionEnd> LibavSession::choose_tracks() {
  std::string offered;
  for (unsigned i = 0; i < format_->nb_streams; ++i) {
    const AVCodecParameters& parameters = *format_->streams[i]->codecpar;
    const rtsp::Codec codec = codec_of(parameters.codec_id);
    if (video_index_ < 0 && is_video(codec)) video_index_ = static_cast<int>(i);
    if (audio_index_ < 0 && !is_video(codec) && codec != rtsp::Codec::unknown)
      audio_index_ = static_cast<int>(i);
    offered += fmt::format("{}{}", offered.empty() ? "" : ", ", avcodec_get_name(parameters.codec_id));
  }
  if (video_index_ < 0) {
    return SessionEnd{
        GapCause::unsupported,
        fmt::format("the camera offers {} but no H.264 or H.265 video; set camera {} to one of these",
                    offered.empty() ? "nothing" : offered, settings_.camera)};
  }
  const auto codec = codec_of(format_->streams[video_index_]->codecpar->codec_id);
  builder_.begin_session(audio_config());
  assembler_ = std::make_unique<rtsp::NalAssembler>(make_syntax(codec), builder_.video(), counts_);
  assembler_->learn(extradata_of(*format_->streams[video_index_]->codecpar));
  return std::nullopt;
}

std::optional<AudioConfig> LibavSession::audio_config() const {
  if (audio_index_ < 0) return std::nullopt;
  const AVCodecParameters& parameters = *format_->streams[audio_index_]->codecpar;
  AudioConfig audio;
  audio.codec = codec_of(parameters.codec_id);
  audio.rate = static_cast<uint32_t>(std::clamp(parameters.sample_rate, 8000, 192'000));
  audio.channels = std::clamp(parameters.ch_layout.nb_channels, 1, 8);
  const BytesView config = extradata_of(parameters);
  audio.aac_config.assign(config.begin(), config.end());
  if (audio.codec == rtsp::Codec::aac && audio.aac_config.empty())
    return std::nullopt;  // nobody could decode it
  return audio;
}

SessionEnd LibavSession::read_packets() {
  const libav::UniquePacket packet(av_packet_alloc());
  while (true) {
    const int error = av_read_frame(format_.get(), packet.get());
    if (error == AVERROR(EAGAIN)) continue;
    if (error < 0) return explain(error);
    if (packet->stream_index == video_index_) on_video(*packet);
    if (packet->stream_index == audio_index_ && builder_.audio()) on_audio(*packet);
    av_packet_unref(packet.get());
  }
}

/// libav's parser returns a picture when the next one begins to arrive; so a picture began to arrive when the
/// one before it was returned. It loses the first one's time: that is made up from the second's.
void LibavSession::on_video(const AVPacket& packet) {
  const Arrival now = arrival_now(clock_);
  const Arrival began = std::exchange(video_began_, now);
  if (packet.pts == AV_NOPTS_VALUE && !first_picture_ && builder_.session_frames() == 0) {
    first_picture_.reset(av_packet_clone(&packet));
    first_began_ = began;
    return;
  }
  const int64_t presentation = presentation_of(packet, kVideoTimescale, next_video_);
  if (first_picture_) {
    const auto earlier = std::chrono::duration_cast<Duration>(began.steady - first_began_.steady);
    push_video(*first_picture_, presentation - std::max<int64_t>(to_ticks(earlier, kVideoTimescale), 1),
               first_began_);
    first_picture_.reset();
  }
  push_video(packet, presentation, began);
  next_video_ = presentation + kUsualVideoStep;
  // When a read is given up, libav still returns what its parser held: that is no sign of life.
  if (builder_.session_frames() > 0 && now.steady < deadline_) deadline_ = now.steady + kStall;
}

void LibavSession::push_video(const AVPacket& packet, int64_t presentation, Arrival arrival) {
  builder_.set_arrival(arrival);
  assembler_->begin_packet(static_cast<uint32_t>(presentation));
  assembler_->add(bytes_of(packet));
  assembler_->end_packet(true);
}

void LibavSession::on_audio(const AVPacket& packet) {
  const AVCodecParameters& parameters = *format_->streams[audio_index_]->codecpar;
  const int64_t presentation = presentation_of(packet, parameters.sample_rate, next_audio_);
  const BytesView bytes = bytes_of(packet);
  rtsp::Unit unit;
  unit.rtp_time = static_cast<uint32_t>(presentation);
  unit.bytes = bytes.size();
  unit.key = true;
  const bool aac = parameters.codec_id == AV_CODEC_ID_AAC;
  unit.ticks =
      aac ? 1024 : static_cast<uint32_t>(packet.size / std::max(parameters.ch_layout.nb_channels, 1));
  next_audio_ = presentation + unit.ticks;
  builder_.set_arrival(arrival_now(clock_));
  Bytes& payload = builder_.audio()->payload();
  payload.insert(payload.end(), bytes.begin(), bytes.end());
  builder_.audio()->on_unit(unit);
}

int64_t LibavSession::presentation_of(const AVPacket& packet, int rate, int64_t expected) const {
  const int64_t stamp = packet.pts != AV_NOPTS_VALUE ? packet.pts : packet.dts;
  if (stamp == AV_NOPTS_VALUE) return expected;
  return av_rescale_q(stamp, format_->streams[packet.stream_index]->time_base, AVRational{1, rate});
}

SessionEnd LibavSession::explain(int error) const {
  const std::string address = redact_url(settings_.url);
  const std::string& camera = settings_.camera;
  if (redirected_) {
    return {
        GapCause::unsupported,
        fmt::format(
            "{} sends us to another host, which is not followed; put the right address of camera {} into the "
            "configuration",
            address, camera)};
  }
  switch (error) {
    case AVERROR_HTTP_UNAUTHORIZED:
    case AVERROR_HTTP_FORBIDDEN:
      return {
          GapCause::auth_failed,
          fmt::format("{} refuses to let us in; check user name and password of camera {}", address, camera)};
    case AVERROR_HTTP_NOT_FOUND:
      return {GapCause::unsupported,
              fmt::format("{} does not know this path; check the address of camera {}", address, camera)};
    case AVERROR_HTTP_BAD_REQUEST:
    case AVERROR_HTTP_OTHER_4XX:
    case AVERROR_INVALIDDATA:
    case AVERROR_PATCHWELCOME:
      return {GapCause::unsupported,
              fmt::format("{} answers with what we cannot record ({}); check address and transport "
                          "of camera {}",
                          address, libav::error_text(error), camera)};
    case AVERROR_EXIT:
    case AVERROR(ETIMEDOUT):
      if (stop_) return {GapCause::shutdown, "the recorder was stopped"};
      if (connected_) {
        return {GapCause::stalled,
                fmt::format("{} is connected but sends no pictures; restart camera {}", address, camera)};
      }
      return {
          GapCause::camera_unreachable,
          fmt::format("{} gives no answer within 10 s; check camera {} and the network", address, camera)};
    case AVERROR_EOF:
      return {GapCause::camera_unreachable,
              fmt::format("{} closed the connection; check camera {}", address, camera)};
    default:
      return {GapCause::camera_unreachable, fmt::format("{}: {}; check camera {} and the network", address,
                                                        libav::error_text(error), camera)};
  }
}

}  // namespace mj::capture
