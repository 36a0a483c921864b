#pragma once

#include <chrono>
#include <mutex>
#include <string>

#include "index/index.h"
#include "server/passwords.h"
#include "server/sessions.h"
#include "server/throttle.h"

namespace mj::server {

/// How people become signed in. Owner: the Server; index, sessions and clock must outlive it. Threads:
/// everything that blocks runs on WorkPool::one_at_a_time(), which also makes check-and-act on the first
/// account safe; the rest from any thread. Does not: know HTTP. Failure: an index that cannot answer is an
/// error, never a sign-in.
class SignIn {
 public:
  struct Done {
    index::Account account;
    std::string cookie;  ///< the value of Set-Cookie
  };
  struct Refused {
    Error error;                   ///< denied: wrong login, password or token
    std::chrono::seconds wait{0};  ///< > 0: too many failures
  };
  using Outcome = tl::expected<Done, Refused>;

  SignIn(index::Index& index, Sessions& sessions, const Clock& clock, PasswordCost cost);

  /// Blocks; once, at start. Makes the one-time token if there is no account yet.
  [[nodiscard]] Result<void> prepare();
  /// The token while no account exists, else empty.
  [[nodiscard]] std::string first_token() const;

  /// Blocks. Makes the first account. Errors: denied (token wrong or used), invalid (login or password).
  [[nodiscard]] Outcome first(const std::string& token, index::Account account, const std::string& password);
  /// Blocks. `origin`: the address of the client. An unknown login costs the same time as a wrong password.
  [[nodiscard]] Outcome with_password(const std::string& login, const std::string& password,
                                      const std::string& origin);

 private:
  [[nodiscard]] Outcome start_session(index::Account account);

  index::Index& index_;
  Sessions& sessions_;
  const PasswordCost cost_;
  Throttle throttle_;
  std::string nobodys_hash_;  ///< what unknown logins are compared with
  mutable std::mutex mutex_;  ///< guards first_token_
  std::string first_token_;
};

}  // namespace mj::server
