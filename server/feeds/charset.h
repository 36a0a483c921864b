#pragma once

#include <string>

#include "config/config.h"

namespace mj::server {

/// What a file holds, as UTF-8 without byte order mark. `automatic`: a byte order mark decides (UTF-8,
/// UTF-16), else UTF-8 if it is that, else GB18030, which is what Excel writes in China. Errors: invalid
/// (where it is neither).
[[nodiscard]] Result<std::string> to_utf8(std::string bytes, config::Mapping::Encoding encoding);

/// UTF-8 without the byte order mark that some programs begin a text with.
[[nodiscard]] std::string_view without_mark(std::string_view text);

/// Full-width letters, digits and signs (U+FF01 … U+FF5E, U+3000) become their usual forms; blanks around it
/// go.
[[nodiscard]] std::string usual_width(std::string_view text);

/// Without blanks, tabs and no-break spaces around it.
[[nodiscard]] std::string_view trimmed(std::string_view text);

}  // namespace mj::server
