#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "capture/rtsp/backoff.h"
#include "capture/run_builder.h"
#include "capture/source.h"
#include "capture/stream_state.h"

namespace mj::capture {

/// A camera stream read through libavformat, on a thread of its own: connects, records, reconnects.
/// Owner: Capture; `clock` and `outlet` must outlive it. Threads: "cap-<stream>"; see Source. Does not:
/// decode, probe. Fails: by retrying (rtsp::Backoff) for ever, each time with a sentence in status() and in
/// the log.
class LibavSource final : public Source {
 public:
  LibavSource(SourceSettings settings, const Clock& clock, Outlet& outlet);
  ~LibavSource() override;

  void start() override;
  void request_stop() override;
  void join() override;
  [[nodiscard]] StreamStatus status() const override { return state_.status(); }

 private:
  void work();
  [[nodiscard]] GapCause record_once();
  void wait(Duration duration);

  const SourceSettings settings_;
  const Clock& clock_;
  StreamState state_;
  RunBuilder builder_;
  const rtsp::Limits limits_;
  rtsp::Backoff backoff_;
  std::atomic<bool> stop_{false};
  std::mutex mutex_;  // for stopped_ to wait with
  std::condition_variable stopped_;
  std::thread thread_;
};

}  // namespace mj::capture
