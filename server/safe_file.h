#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string_view>

#include "config/config.h"

namespace mj::server {

/// Writes a small file so that after a crash it is there whole or not at all: temporary name, fsync, rename,
/// fsync of the directory. `mode` holds from the first byte on. Errors: no_space, denied, internal.
[[nodiscard]] Result<void> write_whole(const std::filesystem::path& file, std::string_view text, mode_t mode);

}  // namespace mj::server
