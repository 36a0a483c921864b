#pragma once

#include <memory>

#include "capture/rtsp/backoff.h"
#include "capture/rtsp/pacer.h"
#include "capture/rtsp/session.h"

namespace mj::capture::rtsp {

/// One stream of one camera for as long as the engine runs: session after session, with pauses between.
/// Owner: the engine; sink, pacer and surroundings must outlive it. Threads: the executor's one.
/// Fails: never; a session that throws (no memory) is one more reason to try again later.
class Source {
 public:
  Source(StreamSpec spec, MediaSink& sink, Pacer& pacer, Surroundings around, uint64_t seed);

  /// Returns after stop().
  [[nodiscard]] Task<> run();
  void tick(SteadyTime now);
  void stop(SteadyTime now);

 private:
  [[nodiscard]] Task<> wait_until(SteadyTime when);
  [[nodiscard]] Task<Ending> attempt(Url url);
  void learn(const Session& session);

  const StreamSpec spec_;
  MediaSink& sink_;
  Pacer& pacer_;
  const Surroundings around_;
  Authenticator auth_;
  Backoff backoff_;
  Timer timer_;
  std::unique_ptr<Session> session_;
  bool stopping_ = false;
  bool udp_;
  Duration patience_;  // to the first key picture
};

}  // namespace mj::capture::rtsp
