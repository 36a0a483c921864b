#pragma once

#include <string>
#include <vector>

#include "index/sqlite.h"

/// Window titles over time, and the case numbers in them. The rules by which they make links are in
/// links.cpp.
namespace mj::index {

/// What in a title may be a case number: a word of ASCII letters, digits and dashes with at least six
/// characters, four of them digits; folded as case numbers are, at most eight. Whether it is one is for the
/// cases to say: only a number that a feed told, whole, makes a link.
[[nodiscard]] std::vector<std::string> numbers_in(std::string_view title);

/// Keeps the numbers of a title.
[[nodiscard]] Result<void> put_numbers(Database& database, int64_t title, std::string_view text);

/// A shot showed `title` (titles.id); its row is stored. Keeps since when and until when each title was
/// shown, and derives the window's visits again when a title with a number came or went.
[[nodiscard]] Result<void> note_title(Database& database, int64_t stream, WallTime at, int64_t title);

}  // namespace mj::index
