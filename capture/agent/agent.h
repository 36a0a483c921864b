#pragma once

#include <stop_token>
#include <string>

#include "capture/agent/cadence.h"
#include "capture/agent/encoder.h"
#include "capture/agent/grabber.h"
#include "capture/agent/uplink.h"

namespace mj::agent {

struct AgentSettings {
  std::string display = ":0";
  std::string source;  ///< GStreamer source element; empty: X11 (ximagesrc) of `display`
  Duration interval = std::chrono::seconds(5);
};

/// Makes shots of one desktop, with the facts of the same instant, and offers them to the uplink.
///
/// Owner: main(), or a test; `clock` and `uplink` must outlive it. Thread: the one that calls run(). Looks at
/// the foreground window four times a second (a few X round trips, 0.1 % of a core), grabs and encodes only
/// when a shot is due and the server takes shots. Does not: keep shots, read keys or clipboard. No trouble
/// ends it: a display that is away is tried again, said once in the log.
class Agent {
 public:
  /// Errors: invalid (source element, display name).
  [[nodiscard]] static Result<Agent> create(const AgentSettings& settings, const Clock& clock,
                                            Uplink& uplink);

  /// Until `stop` is requested.
  void run(const std::stop_token& stop);

 private:
  Agent(const AgentSettings& settings, const Clock& clock, Uplink& uplink, Grabber grabber);
  [[nodiscard]] Duration step();
  [[nodiscard]] Foreground ask_foreground();
  [[nodiscard]] Result<capture::Shot> take(SteadyTime now, Foreground& foreground);
  [[nodiscard]] Result<EncodedPicture> encode(const Picture& picture, bool key);

  const AgentSettings settings_;
  const Clock* clock_;
  Uplink* uplink_;
  Grabber grabber_;
  std::unique_ptr<Encoder> encoder_;
  std::unique_ptr<Desktop> desktop_;
  Cadence cadence_;
  std::string user_;
  uint64_t failures_ = 0;  ///< of the uplink, as far as the cadence knows
  Trouble screen_{"screen"};
  Trouble facts_{"desktop"};
};

}  // namespace mj::agent
