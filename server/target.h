#pragma once

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

/// A required interval `?from&to`, not empty, not longer than `longest`. Errors: invalid.
[[nodiscard]] Result<std::pair<WallTime, WallTime>> query_interval(const Target& target, Duration longest);

/// `?limit=`, or `most` without one. Errors: invalid below 1 and above `most`.
[[nodiscard]] Result<int> query_limit(const Target& target, int most);

}  // namespace mj::server
