#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "index/index.h"

namespace mj::server {

/// Sessions of people: a random 256-bit token in a cookie, its SHA-256 in the index. Owner: the Server; index
/// and clock must outlive it. Threads: any, but the functions that say "blocks" belong on the work pool.
/// Fails closed: an index that cannot answer is an error, never a session.
class Sessions {
 public:
  static constexpr Duration kLifetime = std::chrono::hours(12);

  /// `tls`: the cookie has the __Host- prefix and Secure, which browsers refuse on plain HTTP.
  Sessions(index::Index& index, const Clock& clock, bool tls) : index_(index), clock_(clock), tls_(tls) {}

  /// Blocks. A new session of 12 hours; the value of Set-Cookie.
  [[nodiscard]] Result<std::string> begin(int64_t account);
  /// Blocks. Errors: not_found (no such session, or expired), unavailable and others when the index cannot
  /// say.
  [[nodiscard]] Result<index::Account> find(std::string_view token) const;
  /// Blocks.
  [[nodiscard]] Result<void> end(std::string_view token);

  /// Our token in a Cookie header, or nothing. Two of them are nothing too: somebody is playing tricks.
  [[nodiscard]] std::optional<std::string> token_in(std::string_view cookie_header) const;
  /// Set-Cookie that makes the browser forget.
  [[nodiscard]] std::string forget_cookie() const;

 private:
  [[nodiscard]] std::string cookie(std::string_view token, std::chrono::seconds age) const;
  [[nodiscard]] std::string_view cookie_name() const { return tls_ ? "__Host-mj_session" : "mj_session"; }

  index::Index& index_;
  const Clock& clock_;
  const bool tls_;
};

}  // namespace mj::server
