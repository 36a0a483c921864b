#pragma once

#include "capture/capture.h"

namespace mj::capture {

/// What a source needs to know about its camera.
struct SourceSettings {
  StreamKey stream;
  std::string camera;  ///< config::Camera::id, for messages
  std::string url;     ///< without user info
  std::string user;
  Secret password;
  config::Transport transport = config::Transport::tcp;
};

/// Where one camera stream comes from. Connects, keeps connecting, hands fragments and outages on.
/// Owner: Capture, which calls start() once, then request_stop() and join(). Threads: status() from any.
/// Fails: never to its owner; what is wrong is in status() and in the outlet's outages.
class Source {
 public:
  virtual ~Source() = default;
  virtual void start() = 0;
  /// Returns at once.
  virtual void request_stop() = 0;
  /// After request_stop(): what is open has been handed on, an Outage (shutdown) is reported.
  virtual void join() = 0;
  [[nodiscard]] virtual StreamStatus status() const = 0;
};

}  // namespace mj::capture
