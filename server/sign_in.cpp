#include "server/sign_in.h"

#include "server/digests.h"
#include "server/text.h"

namespace mj::server {
namespace {

constexpr std::size_t kLoginBytes = 64;
constexpr std::size_t kDisplayNameBytes = 128;
constexpr std::size_t kFirstTokenBytes = 16;

tl::unexpected<SignIn::Refused> refused(Error error, std::chrono::seconds wait = {}) {
  return tl::unexpected<SignIn::Refused>(SignIn::Refused{std::move(error), wait});
}

Result<void> check_names(const index::Account& account) {
  if (account.login.empty() || account.login.size() > kLoginBytes || !is_plain_text(account.login) ||
      account.login.find_first_of(" \"\\") != std::string::npos) {
    return fail(ErrorKind::invalid, "the login must be 1 to {} bytes of text without spaces", kLoginBytes);
  }
  if (account.display_name.size() > kDisplayNameBytes || !is_plain_text(account.display_name)) {
    return fail(ErrorKind::invalid, "the display name must be at most {} bytes of text", kDisplayNameBytes);
  }
  return {};
}

}  // namespace

SignIn::SignIn(index::Index& index, Sessions& sessions, const Clock& clock, PasswordCost cost)
    : index_(index), sessions_(sessions), cost_(cost), throttle_(clock) {}

Result<void> SignIn::prepare() {
  MJ_TRY(const bool accounts, index_.has_accounts());
  if (!nobodys_hash_.empty()) return {};  // a second attempt to start
  MJ_TRY(nobodys_hash_, hash_password(random_hex(16), cost_));
  if (!accounts) {
    std::lock_guard lock(mutex_);
    first_token_ = random_hex(kFirstTokenBytes);
  }
  return {};
}

std::string SignIn::first_token() const {
  std::lock_guard lock(mutex_);
  return first_token_;
}

SignIn::Outcome SignIn::first(const std::string& token, index::Account account, const std::string& password) {
  const std::string expected = first_token();
  if (expected.empty() || !same_secret(token, expected)) {
    return refused({ErrorKind::denied, "the one-time token is wrong or was used already"});
  }
  if (auto names = check_names(account); !names) return refused(names.error());
  if (auto form = check_password_form(password); !form) return refused(form.error());
  if (account.display_name.empty()) account.display_name = account.login;
  auto hash = hash_password(password, cost_);
  if (!hash) return refused(hash.error());
  account.password_hash = std::move(*hash);
  const auto id = index_.add_account(account);
  if (!id) return refused(id.error());
  account.id = *id;
  {
    std::lock_guard lock(mutex_);
    first_token_.clear();
  }
  spdlog::info("sign-in: first account {} made", account.login);
  return start_session(std::move(account));
}

SignIn::Outcome SignIn::with_password(const std::string& login, const std::string& password,
                                      const std::string& origin) {
  const std::string key = origin + ' ' + login.substr(0, kLoginBytes);
  if (const auto wait = throttle_.wait(key); wait.count() > 0) {
    return refused({ErrorKind::denied, "too many failures; wait before the next attempt"}, wait);
  }
  auto account = index_.account(login);
  if (!account && account.error().kind != ErrorKind::not_found) return refused(account.error());
  const bool matches = password_matches(password, account ? account->password_hash : nobodys_hash_);
  if (!account || !matches) {
    throttle_.failed(key);
    spdlog::warn("sign-in: refused from {}", origin);
    return refused({ErrorKind::denied, "login or password is wrong"});
  }
  throttle_.succeeded(key);
  spdlog::info("sign-in: {} from {}", account->login, origin);
  return start_session(std::move(*account));
}

SignIn::Outcome SignIn::start_session(index::Account account) {
  auto cookie = sessions_.begin(account.id);
  if (!cookie) return refused(cookie.error());
  return Done{std::move(account), std::move(*cookie)};
}

}  // namespace mj::server
