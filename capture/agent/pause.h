#pragma once

#include <filesystem>
#include <optional>

#include "config/config.h"

/// A pause of the recording: asked for with a reason, recorded like everything else, and over by itself. It
/// lies in `pause.json` of the state directory; the commands write it, the running agent reads it.
namespace mj::agent {

struct Pause {
  std::string reason;
  std::string by;  ///< account
  WallTime until;  ///< this machine's clock
};

inline constexpr Duration kLongestPause = std::chrono::hours(4);

/// Errors: invalid (no reason, or longer than four hours), the disk's.
[[nodiscard]] Result<void> ask_for_pause(const std::filesystem::path& state_directory, const Pause& pause,
                                         WallTime now);
/// False: there was none.
[[nodiscard]] Result<bool> end_pause(const std::filesystem::path& state_directory);

/// The pause that holds at `now`. One that is over, that cannot be read or that would last longer than any
/// may (the clock was set) is removed.
[[nodiscard]] std::optional<Pause> current_pause(const std::filesystem::path& state_directory, WallTime now);

}  // namespace mj::agent
