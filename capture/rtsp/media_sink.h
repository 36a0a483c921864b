#pragma once

#include <string>

#include "capture/rtsp/depacketizer.h"
#include "capture/rtsp/rtcp.h"
#include "capture/rtsp/sdp.h"
#include "config/config.h"

namespace mj::capture::rtsp {

/// Receives what one camera's stream brings. Called from one of the engine's threads, always the same; must
/// not block. Owner: the engine's caller; must outlive the engine's run.
class MediaSink {
 public:
  virtual ~MediaSink() = default;

  virtual void on_connecting() = 0;
  /// Media begins. `audio` is null when there is none that we record. The tracks are gone after the call.
  virtual void on_play(const Track& video, const Track* audio) = 0;
  /// Where units go, between on_play() and on_ended(). `audio` exists when on_play() was given one.
  [[nodiscard]] virtual UnitSink& video() = 0;
  [[nodiscard]] virtual UnitSink& audio() = 0;
  /// Bytes were read just now: whatever units follow arrived at that moment.
  virtual void on_arrival(SteadyTime now) = 0;
  /// The camera's own clock, with the RTP time it belongs to.
  virtual void on_sender_report(Track::Kind kind, const SenderReport& report, SteadyTime arrived) = 0;

  /// The connection ended or could not be made; the next attempt is after `retry_in`. A unit that was not
  /// whole is off the sinks' buffers already.
  virtual void on_ended(GapCause cause, const std::string& detail, Duration retry_in) = 0;
};

}  // namespace mj::capture::rtsp
