#pragma once

#include <memory>
#include <vector>

#include "capture/rtsp/limits.h"
#include "capture/rtsp/media_sink.h"
#include "capture/rtsp/session.h"

namespace mj::capture::rtsp {

struct EngineOptions {
  int threads = 1;    ///< 1 or 2; a stream stays on its thread
  uint64_t seed = 0;  ///< of the jitter; 0: from the system
  Limits limits;
};

/// All RTSP streams of a hall on one or two threads, "rtsp-0" and "rtsp-1".
/// Owner: Capture; `clock` and every sink must outlive stop(). Threads: add(), start() and stop() from the
/// owner's; sinks are called from the engine's. Does not: decode, probe, write, or let one camera wait for
/// another. Fails: a camera's failure is told to its sink, and it is tried again for ever.
class Engine {
 public:
  Engine(const Clock& clock, EngineOptions options);
  ~Engine();  // stops
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Before start().
  void add(StreamSpec spec, MediaSink& sink);
  void start();
  /// Says goodbye to every camera (≤ Limits::farewell), tells every sink, joins the threads. Idempotent.
  void stop();

 private:
  struct Loop;
  const Clock& clock_;
  const EngineOptions options_;
  std::unique_ptr<class Pacer> pacer_;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::size_t streams_ = 0;
  bool started_ = false;
};

}  // namespace mj::capture::rtsp
