#pragma once

#include "capture/capture.h"
#include "server/strict_json.h"

namespace mj::server {

/// A shot as it came, its time still the agent's.
struct ReceivedShot {
  capture::Shot shot;  ///< `at` not yet set
  Duration offset{0};  ///< server − agent, as the agent measured it
};

/// The body of POST /api/v1/screens/{workstation}/shots. Checks lengths and JSON; what the bytes of the
/// picture are is capture's business. Paths are of the JSON part.
[[nodiscard]] Checked<ReceivedShot> parse_shot(BytesView body);

/// Server time of the grab: agent time + offset, unless that is more than 5 s from now, when the agent's
/// clock or offset is not to be believed and the arrival counts.
[[nodiscard]] WallTime shot_time(const ReceivedShot& shot, WallTime now);

}  // namespace mj::server
