#pragma once

#include <memory>

#include "capture/rtsp_source.h"
#include "tests/capture/fake_clock.h"
#include "tests/capture/recording_outlet.h"
#include "tests/capture/rtsp/engine_run.h"

namespace mj::test {

/// A scripted camera, the engine, and what capture hands to storage: the whole of capture for one stream.
/// Time stands still except where a test moves it, so that a minute takes a moment and is the same every
/// time.
struct Recording {
  FakeCamera camera;
  FakeClock clock;
  RecordingOutlet outlet;
  capture::rtsp::Limits limits = quick_limits();
  std::string user, password;
  config::Transport transport = config::Transport::tcp;
  CameraStream stream;
  std::unique_ptr<capture::rtsp::Engine> engine;
  std::unique_ptr<capture::RtspSource> source;

  Recording() { camera.sdp = h264_sdp(); }
  ~Recording() { stop(); }

  void start();
  /// Says goodbye; all footage is in the outlet then.
  void stop();
  /// Sends what `stream` has, waits until the engine has read it, then lets `duration` pass.
  void send(Duration duration = Duration{0});
  /// `count` pictures, `duration` apart, a key picture every `group` of them.
  void play(int count, Duration duration, int group = 25);
  [[nodiscard]] bool wait_until_playing(int plays = 1) const;

  struct Footage {
    uint64_t pictures = 0;
    std::vector<WallTime> run_starts;
    WallTime begin, end;
    Duration longest_fragment{0};
    Duration missing{0};  ///< between fragments
    std::vector<capture::Fragment> fragments;
  };
  /// Everything handed on; fails the test when fragments overlap or go back.
  [[nodiscard]] Footage footage() const;
  [[nodiscard]] std::vector<GapCause> outage_causes() const;

 private:
  int pictures_ = 0;
};

/// Decode times of the samples of a fragment's first track, as its bytes have them: from its tfdt and trun.
[[nodiscard]] std::vector<int64_t> decode_times_of(const capture::Fragment& fragment);
/// All NAL units of a fragment's video samples.
[[nodiscard]] std::vector<Bytes> nals_of(const capture::Fragment& fragment);

}  // namespace mj::test
