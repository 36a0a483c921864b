#pragma once

#include <string>
#include <string_view>

namespace mj::server {

/// Well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing beyond U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view text);

/// UTF-8 without C0 controls and DEL: safe as one line of a log.
[[nodiscard]] bool is_plain_text(std::string_view text);

/// [a-z0-9-]{1,48}, the form of every id of the configuration.
[[nodiscard]] bool is_id(std::string_view text);

/// "<id>.main", "<id>.sub" or "<id>.screen".
[[nodiscard]] bool is_stream_key(std::string_view text);

/// Code points of well-formed UTF-8.
[[nodiscard]] std::size_t code_points(std::string_view text);

}  // namespace mj::server
