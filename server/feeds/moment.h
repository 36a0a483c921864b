#pragma once

#include <string_view>

#include "config/config.h"

namespace mj::server {

/// Makes the hall's time zone the process's, so that libc reads local times by it. Once, before the first
/// thread.
void use_time_zone(const std::string& iana_name);

/// A time as tables have it: RFC 3339, "2026-11-21 09:45:12", "2026/11/21 9:45", "2026年11月21日 9时45分",
/// "20261121094512", "2026/11/21 下午 2:05", or Excel's day number "46347.40625". The year comes first.
/// Without an offset it is local. Errors: invalid, with what was expected.
[[nodiscard]] Result<WallTime> parse_moment(std::string_view text);

}  // namespace mj::server
