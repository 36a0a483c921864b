#pragma once

#include <string>

#include "capture/capture.h"

namespace mj::agent {

/// The body of POST /api/v1/screens/{workstation}/shots, as server/openapi.yaml lays it down ("MJS1" …).
/// `shot.at` is not sent: the server computes it from `shot.facts.agent_time` and `offset` (server − agent).
[[nodiscard]] std::string shot_body(const capture::Shot& shot, Duration offset);

inline constexpr const char* kShotMediaType = "application/vnd.mingjing.shot";

}  // namespace mj::agent
