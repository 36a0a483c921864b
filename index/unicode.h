#pragma once

#include <string>
#include <string_view>

#include "config/config.h"

/// Unicode, as far as looking things up needs it. Pure.
namespace mj::index {

/// NFKC, default-ignorable characters dropped and case folded: Unicode's NFKC_Casefold, twice, because
/// folding may compose. Errors: invalid (not UTF-8).
[[nodiscard]] Result<std::string> fold_text(std::string_view text);

/// The code points of UTF-8; what is not UTF-8 ends it.
[[nodiscard]] std::u32string code_points_of(std::string_view text);
[[nodiscard]] std::string utf8_of(std::u32string_view points);

/// Letters, digits and marks: what words are made of.
[[nodiscard]] bool is_word_point(char32_t point);

/// A character that is written without spaces between words.
[[nodiscard]] constexpr bool is_ascii(char32_t point) {
  return point < 0x80;
}

}  // namespace mj::index
