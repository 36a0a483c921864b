#pragma once

#include <string>
#include <string_view>

namespace mj::capture {

/// From now on libav's warnings and errors go to our log (as debug), without passwords. Idempotent.
void route_libav_log();

/// Text of a library that may quote addresses: everything that could be user info is taken out.
[[nodiscard]] std::string redact_text(std::string_view text);

}  // namespace mj::capture
