#pragma once

#include "capture/rtsp/engine.h"
#include "capture/run_builder.h"
#include "capture/source.h"
#include "capture/stream_state.h"

namespace mj::capture {

/// A camera stream read by our RTSP engine: its units become runs and fragments.
/// Owner: Capture, beside the engine; `engine`, `clock` and `outlet` must outlive it. Threads: an engine's;
/// status() from any. Does not: start or stop by itself, the engine does that for all its streams at once.
/// Fails: never; what is wrong is in status(), in the outlet's outages and, when it is news, in the log.
class RtspSource final : public Source, private rtsp::MediaSink {
 public:
  /// Before engine.start(). An address that is none makes a stream that says so, and nothing else.
  RtspSource(SourceSettings settings, rtsp::Engine& engine, const Clock& clock, Outlet& outlet);

  void start() override;
  void request_stop() override {}  ///< the engine is asked, once for all
  void join() override;
  [[nodiscard]] StreamStatus status() const override { return state_.status(); }

 private:
  void on_connecting() override;
  void on_play(const rtsp::Track& video, const rtsp::Track* audio) override;
  [[nodiscard]] rtsp::UnitSink& video() override { return builder_.video(); }
  [[nodiscard]] rtsp::UnitSink& audio() override { return *builder_.audio(); }
  void on_arrival(SteadyTime now) override { builder_.set_arrival({now, clock_.now()}); }
  void on_sender_report(rtsp::Track::Kind kind, const rtsp::SenderReport& report,
                        SteadyTime arrived) override;
  void on_ended(GapCause cause, const std::string& detail, Duration retry_in) override;

  const SourceSettings settings_;
  const Clock& clock_;
  StreamState state_;
  RunBuilder builder_;
  std::string refused_url_;  // why the engine was not asked at all
};

}  // namespace mj::capture
