#include "index/accounts.h"

namespace mj::index {

namespace {

constexpr const char* kAnyAccount = "SELECT 1 FROM accounts LIMIT 1";
constexpr const char* kInsertAccount =
    "INSERT INTO accounts (login, display_name, password_hash, created_us) VALUES (?1, ?2, ?3, ?4)"
    " ON CONFLICT (login) DO NOTHING";
constexpr const char* kFindAccount =
    "SELECT id, login, display_name, password_hash FROM accounts WHERE login = ?1";
constexpr const char* kAccountExists = "SELECT 1 FROM accounts WHERE id = ?1";
constexpr const char* kSweepSessions = "DELETE FROM sessions WHERE expires_us <= ?1";
constexpr const char* kInsertSession =
    "INSERT OR REPLACE INTO sessions (token_hash, account, expires_us) VALUES (?1, ?2, ?3)";
constexpr const char* kFindSession =
    "SELECT accounts.id, login, display_name, password_hash FROM sessions"
    " JOIN accounts ON accounts.id = sessions.account WHERE token_hash = ?1 AND expires_us > ?2";
constexpr const char* kRemoveSession = "DELETE FROM sessions WHERE token_hash = ?1";

Account account_row(const Statement& row) {
  return {
      .id = row.integer(0), .login = row.text(1), .display_name = row.text(2), .password_hash = row.text(3)};
}

}  // namespace

Result<bool> has_accounts(Database& database) {
  MJ_TRY(const auto any, database.first(kAnyAccount, [](const Statement&) { return true; }));
  return any.has_value();
}

Result<int64_t> add_account(Database& database, const Account& account, WallTime now) {
  if (account.login.empty()) return fail(ErrorKind::invalid, "login is empty");
  MJ_CHECK(database.run(kInsertAccount, account.login, account.display_name, account.password_hash, now));
  if (database.changes() == 0) return fail(ErrorKind::invalid, "login \"{}\" is taken", account.login);
  return database.last_insert_id();
}

Result<Account> find_account(Database& database, const std::string& login) {
  MJ_TRY(auto account, database.first(kFindAccount, account_row, login));
  if (!account) return fail(ErrorKind::not_found, "there is no account \"{}\"", login);
  return std::move(*account);
}

Result<void> add_session(Database& database, const Digest& token_hash, int64_t account, WallTime expires,
                         WallTime now) {
  MJ_CHECK(database.run(kSweepSessions, now));
  MJ_TRY(const auto exists, database.first(
                                kAccountExists, [](const Statement&) { return true; }, account));
  if (!exists) return fail(ErrorKind::not_found, "there is no account {}", account);
  return database.run(kInsertSession, token_hash, account, expires);
}

Result<Account> find_session(Database& database, const Digest& token_hash, WallTime now) {
  MJ_TRY(auto account, database.first(kFindSession, account_row, token_hash, now));
  if (!account) return fail(ErrorKind::not_found, "no such session, or it has expired");
  return std::move(*account);
}

Result<void> remove_session(Database& database, const Digest& token_hash) {
  return database.run(kRemoveSession, token_hash);
}

}  // namespace mj::index
