#pragma once

#include <string>
#include <string_view>

namespace mj::index {

/// `folded` (valid UTF-8) from its last code point to its first: an ending becomes a beginning.
[[nodiscard]] std::string reversed_code_points(std::string_view folded);

/// The least text above every text that begins with `prefix`, in byte order; `prefix` is valid UTF-8 and not
/// empty.
[[nodiscard]] std::string prefix_end(std::string_view prefix);

}  // namespace mj::index
