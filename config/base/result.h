#pragma once

#include <fmt/format.h>

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace mj {

/// What the caller can do about an error; the message says what happened.
enum class ErrorKind {
  invalid,      ///< the input is wrong: say so to whoever sent it, do not retry
  not_found,    ///< no such thing
  unavailable,  ///< not now (network, busy, not mounted): retry later
  no_space,     ///< a disk or a quota is full
  corrupt,      ///< stored data is not what was written
  denied,       ///< not allowed, or wrong credentials
  cancelled,    ///< stop was asked for
  internal,     ///< a bug or an unexpected system error
};

/// Stable lower-case name for logs, JSON and metrics ("no_space").
[[nodiscard]] const char* name(ErrorKind kind);

/// An error kind plus a message that grows outwards: "open store s1: read marker: Permission denied".
/// A value; safe to copy across threads. Never holds a secret.
struct Error {
  ErrorKind kind = ErrorKind::internal;
  std::string message;

  /// The same error with one more link at the front of its chain.
  [[nodiscard]] Error within(std::string_view context) const {
    return {kind, fmt::format("{}: {}", context, message)};
  }
};

template <class T = void>
using Result = tl::expected<T, Error>;

/// `return fail(ErrorKind::invalid, "port {} is not a number", text);`
template <class... Args>
[[nodiscard]] tl::unexpected<Error> fail(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
  return tl::unexpected<Error>(Error{kind, fmt::format(format, std::forward<Args>(args)...)});
}

/// An Error made from errno: the kind follows the number (ENOSPC, EDQUOT → no_space; EACCES → denied; ENOENT
/// → not_found ...).
[[nodiscard]] tl::unexpected<Error> fail_errno(int error_number, std::string_view what);

}  // namespace mj

// NOLINTBEGIN(bugprone-macro-parentheses): `var` may be a declaration.
/// Unwraps a Result into `var`, or returns its error from the enclosing function.
#define MJ_TRY(var, expression) MJ_TRY_AT_(var, expression, __LINE__)
#define MJ_TRY_AT_(var, expression, line) MJ_TRY_NAMED_(var, expression, line)
#define MJ_TRY_NAMED_(var, expression, line)                                                      \
  auto mj_result_##line = (expression);                                                           \
  if (!mj_result_##line) return tl::unexpected<::mj::Error>(std::move(mj_result_##line).error()); \
  var = std::move(*mj_result_##line)
// NOLINTEND(bugprone-macro-parentheses)

/// The same for Result<void>.
#define MJ_CHECK(expression)                                                            \
  do {                                                                                  \
    auto mj_checked = (expression);                                                     \
    if (!mj_checked) return tl::unexpected<::mj::Error>(std::move(mj_checked).error()); \
  } while (false)
