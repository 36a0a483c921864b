#pragma once

#include <string>
#include <string_view>

namespace mj::agent {

/// Valid UTF-8 of at most `max_bytes` bytes: invalid bytes become U+FFFD, a cut never splits a character.
[[nodiscard]] std::string clean_utf8(std::string_view text, std::size_t max_bytes);

}  // namespace mj::agent
