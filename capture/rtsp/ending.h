#pragma once

#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "capture/rtsp/url.h"
#include "config/config.h"

namespace mj::capture::rtsp {

/// Why a session is over, told so that a person can act on it. Without secrets.
struct Ending {
  GapCause cause = GapCause::camera_unreachable;
  std::string detail;
  std::optional<Url> moved_to;  ///< the camera sends us there; same host
};

template <class T>
using Outcome = tl::expected<T, Ending>;

[[nodiscard]] inline tl::unexpected<Ending> ended(GapCause cause, std::string detail) {
  return tl::unexpected<Ending>(Ending{cause, std::move(detail), std::nullopt});
}

}  // namespace mj::capture::rtsp
