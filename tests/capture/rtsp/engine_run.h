#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>

#include "capture/rtsp/engine.h"
#include "tests/capture/rtsp/packets.h"
#include "tests/support/fake_camera.h"

/// One engine, one scripted camera, and what came of it.
namespace mj::test {

/// An SDP with one H.264 track, or with what `tracks` says.
[[nodiscard]] std::string h264_sdp(std::string_view fmtp = "packetization-mode=1");
inline constexpr std::string_view kH264Track =
    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 "
    "packetization-mode=1\r\na=control:trackID=0\r\n";
inline constexpr std::string_view kAlawTrack =
    "m=audio 0 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=control:trackID=1\r\n";

/// The packets of a camera, one after the other.
class CameraStream {
 public:
  explicit CameraStream(uint32_t time = 90'000, uint32_t step = 3600, uint16_t sequence = 0)
      : time_(time), step_(step), sequence_(sequence) {}

  /// A key picture with its parameter sets, or without them.
  CameraStream& key(bool with_sets = true);
  CameraStream& inter(int count = 1);
  /// `payload` in the unit that comes next.
  CameraStream& packet(const Bytes& payload, bool marker = false);
  CameraStream& audio(uint32_t time, std::size_t samples = 160, uint8_t type = 8);
  CameraStream& skip_packets(int count);
  CameraStream& jump(int64_t ticks);
  CameraStream& next_picture() {
    time_ += step_;
    return *this;
  }
  /// All since the last take().
  [[nodiscard]] std::vector<std::pair<uint8_t, Bytes>> take() { return std::exchange(packets_, {}); }

 private:
  uint32_t time_;
  uint32_t step_;
  uint16_t sequence_;
  uint16_t audio_sequence_ = 0;
  std::vector<std::pair<uint8_t, Bytes>> packets_;
};

/// Keeps what the engine hands on. Thread-safe.
class TestSink final : public capture::rtsp::MediaSink {
 public:
  struct End {
    GapCause cause;
    std::string detail;
    Duration retry_in;
  };
  struct Seen {
    std::vector<UnitLog::Logged> video, audio;
    std::vector<End> ends;
    int connects = 0, plays = 0, reports = 0;
    std::vector<std::string> audio_codecs;
  };

  [[nodiscard]] Seen seen() const {
    std::lock_guard lock(mutex_);
    return seen_;
  }
  /// Waits until `enough` holds. Patience is long: the machine may be busy.
  [[nodiscard]] bool wait(const std::function<bool(const Seen&)>& enough,
                          std::chrono::seconds patience = std::chrono::seconds(20)) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return enough(seen_); });
  }
  [[nodiscard]] bool wait_for_pictures(std::size_t count) const {
    return wait([count](const Seen& s) { return s.video.size() >= count; });
  }
  [[nodiscard]] bool wait_for_ends(std::size_t count) const {
    return wait([count](const Seen& s) { return s.ends.size() >= count; });
  }

 private:
  class Track final : public capture::rtsp::UnitSink {
   public:
    Track(TestSink& owner, std::vector<UnitLog::Logged>& to) : owner_(owner), to_(to) {}
    [[nodiscard]] Bytes& payload() override { return payload_; }
    void on_unit(const capture::rtsp::Unit& unit) override;

   private:
    TestSink& owner_;
    std::vector<UnitLog::Logged>& to_;
    Bytes payload_;
  };

  void change(const std::function<void(Seen&)>& how);
  void on_connecting() override {
    change([](Seen& s) { ++s.connects; });
  }
  void on_play(const capture::rtsp::Track& video, const capture::rtsp::Track* audio) override;
  capture::rtsp::UnitSink& video() override { return video_; }
  capture::rtsp::UnitSink& audio() override { return audio_; }
  void on_arrival(SteadyTime) override {}
  void on_sender_report(capture::rtsp::Track::Kind, const capture::rtsp::SenderReport&, SteadyTime) override {
    change([](Seen& s) { ++s.reports; });
  }
  void on_ended(GapCause cause, const std::string& detail, Duration retry_in) override {
    change([&](Seen& s) { s.ends.push_back({cause, detail, retry_in}); });
  }

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Seen seen_;  // under mutex_
  Track video_{*this, seen_.video};
  Track audio_{*this, seen_.audio};
};

/// Limits for tests: nothing that goes right is hurried, what goes wrong is given up soon when asked.
[[nodiscard]] capture::rtsp::Limits quick_limits();

/// An engine on one camera.
struct EngineRun {
  FakeCamera camera;
  TestSink sink;
  SystemClock system;
  const Clock* clock = &system;
  capture::rtsp::Limits limits = quick_limits();
  std::string user, password;
  bool udp = false;
  std::string path = "/live";
  std::unique_ptr<capture::rtsp::Engine> engine;

  EngineRun() { camera.sdp = h264_sdp(); }
  void start();
};

}  // namespace mj::test
