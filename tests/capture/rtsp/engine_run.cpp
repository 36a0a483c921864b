#include "tests/capture/rtsp/engine_run.h"

namespace mj::test {

using namespace capture::rtsp;

std::string h264_sdp(std::string_view fmtp) {
  return fmt::format(
      "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\na=control:*\r\nm=video 0 RTP/AVP 96\r\n"
      "a=rtpmap:96 H264/90000\r\na=fmtp:96 {}\r\na=control:trackID=0\r\n",
      fmtp);
}

CameraStream& CameraStream::packet(const Bytes& payload, bool marker) {
  packets_.emplace_back(0, rtp({.sequence = sequence_++, .time = time_, .marker = marker}, payload));
  return *this;
}

CameraStream& CameraStream::key(bool with_sets) {
  if (with_sets) packet(stap_a({from_hex(h264::kSps1080), from_hex(h264::kPps1080)}));
  const auto parts = fu_a(h264::slice(true, 3000), 3);
  for (std::size_t i = 0; i < parts.size(); ++i) packet(parts[i], i + 1 == parts.size());
  return next_picture();
}

CameraStream& CameraStream::inter(int count) {
  for (; count > 0; --count) packet(h264::slice(false, 400), true).next_picture();
  return *this;
}

CameraStream& CameraStream::audio(uint32_t time, std::size_t samples, uint8_t type) {
  packets_.emplace_back(
      2, rtp({.sequence = audio_sequence_++, .time = time, .type = type, .ssrc = 9}, Bytes(samples, 0xD5)));
  return *this;
}

CameraStream& CameraStream::skip_packets(int count) {
  sequence_ = static_cast<uint16_t>(sequence_ + count);
  return *this;
}

CameraStream& CameraStream::jump(int64_t ticks) {
  time_ += static_cast<uint32_t>(ticks);
  return *this;
}

void TestSink::change(const std::function<void(Seen&)>& how) {
  {
    std::lock_guard lock(mutex_);
    how(seen_);
  }
  changed_.notify_all();
}

void TestSink::Track::on_unit(const Unit& unit) {
  owner_.change([&](Seen&) {
    to_.push_back({unit, Bytes(payload_.end() - static_cast<std::ptrdiff_t>(unit.bytes), payload_.end())});
  });
  payload_.clear();
}

void TestSink::on_play(const capture::rtsp::Track&, const capture::rtsp::Track* audio) {
  change([&](Seen& s) {
    ++s.plays;
    s.audio_codecs.push_back(audio ? audio->encoding : "");
  });
}

Limits quick_limits() {
  Limits limits;
  limits.tick = std::chrono::milliseconds(10);
  limits.connect_spacing = std::chrono::milliseconds(1);
  limits.retry_first = std::chrono::milliseconds(20);
  limits.retry_longest = std::chrono::milliseconds(100);
  limits.retry_auth_first = std::chrono::seconds(60);
  return limits;
}

void EngineRun::start() {
  camera.start();
  EngineOptions options;
  options.seed = 1;
  options.limits = limits;
  engine = std::make_unique<Engine>(*clock, options);
  StreamSpec spec;
  spec.stream = "cam.main";
  spec.url = parse_url(camera.url(path)).value();
  spec.user = user;
  spec.password = Secret(password);
  spec.udp = udp;
  engine->add(std::move(spec), sink);
  engine->start();
}

}  // namespace mj::test
