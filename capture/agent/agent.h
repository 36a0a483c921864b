#pragma once

#include <stop_token>
#include <string>

#include "capture/agent/screen.h"
#include "capture/agent/uplink.h"

namespace mj::agent {

/// Offers what there is to be seen on one desktop to the uplink.
///
/// Owner: main(), or a test; `clock` and `uplink` must outlive it. Thread: the one that calls run(). Looks at
/// the foreground window four times a second (a few X round trips, 0.1 % of a core), at the screen only when
/// a look is due and the server takes shots. Does not: keep shots.
class Agent {
 public:
  /// Errors: invalid (source element, display name).
  [[nodiscard]] static Result<Agent> create(ScreenSettings settings, const Clock& clock, Uplink& uplink);

  /// Until `stop` is requested.
  void run(const std::stop_token& stop);

 private:
  Agent(Screen screen, Uplink& uplink) : screen_(std::move(screen)), uplink_(&uplink) {}
  [[nodiscard]] Duration step();

  Screen screen_;
  Uplink* uplink_;
  uint64_t failures_ = 0;  ///< of the uplink, as far as the screen knows
};

}  // namespace mj::agent
