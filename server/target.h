#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/config.h"

namespace mj::server {

/// A request target (RFC 9112 §3.2.1, origin-form) taken apart and decoded once. A value.
struct Target {
  std::vector<std::string> path;  ///< "/a/b%20c" → "a", "b c"; "/" → none
  std::vector<std::pair<std::string, std::string>> query;

  [[nodiscard]] const std::string* find(std::string_view name) const;
};

/// Strict: every escape is two hexadecimal digits; what comes out is UTF-8 without control characters; no "."
/// or ".." step; no query name twice. '+' is a space in the query only, as browsers' URLSearchParams write
/// it. Errors: invalid.
[[nodiscard]] Result<Target> parse_target(std::string_view target);

/// A query that may hold these names and no others. Errors: invalid.
[[nodiscard]] Result<void> allow_query(const Target& target, std::initializer_list<std::string_view> names);

/// Decimal digits with an optional '-', nothing else. Errors: invalid, naming `what`.
[[nodiscard]] Result<int64_t> parse_integer(std::string_view text, std::string_view what);

/// A required time in the query. Errors: invalid.
[[nodiscard]] Result<WallTime> query_time(const Target& target, std::string_view name);
/// The same; none when it is not said.
[[nodiscard]] Result<std::optional<WallTime>> optional_time(const Target& target, std::string_view name);
/// 1 to 64 bytes; empty when it is not said.
[[nodiscard]] Result<std::string> optional_id(const Target& target, std::string_view name);

/// A required interval `?from&to`, not empty, not longer than `longest`. Errors: invalid.
[[nodiscard]] Result<std::pair<WallTime, WallTime>> query_interval(const Target& target, Duration longest);

/// `?limit=`, or `most` without one. Errors: invalid below 1 and above `most`.
[[nodiscard]] Result<int> query_limit(const Target& target, int most);

/// Where a page of a list ended: numbers with dots between. To whoever holds it it is only a word.
template <std::size_t kParts>
[[nodiscard]] std::string cursor_word(const std::array<int64_t, kParts>& parts) {
  return fmt::format("{}", fmt::join(parts, "."));
}
/// ?after= is such a word, from the page before; nothing without it. Errors: invalid.
template <std::size_t kParts>
[[nodiscard]] Result<std::optional<std::array<int64_t, kParts>>> query_cursor(const Target& target) {
  const std::string* text = target.find("after");
  if (text == nullptr) return std::nullopt;
  std::string_view rest = *text;
  std::array<int64_t, kParts> parts{};
  for (std::size_t i = 0; i < kParts; ++i) {
    const auto end = i + 1 < kParts ? rest.find('.') : rest.size();
    if (end == std::string_view::npos)
      return fail(ErrorKind::invalid, "?after= must be the \"next\" of a page");
    MJ_TRY(parts[i], parse_integer(rest.substr(0, end), "?after="));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return parts;
}

}  // namespace mj::server
