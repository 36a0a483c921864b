#pragma once

#include "index/model.h"
#include "index/sqlite.h"

/// Rows of accounts and sessions; functions of a connection. See Index for their meaning.
namespace mj::index {

[[nodiscard]] Result<bool> has_accounts(Database& database);
[[nodiscard]] Result<int64_t> add_account(Database& database, const Account& account, WallTime now);
[[nodiscard]] Result<Account> find_account(Database& database, const std::string& login);
/// Sweeps out expired sessions on the way.
[[nodiscard]] Result<void> add_session(Database& database, const Digest& token_hash, int64_t account,
                                       WallTime expires, WallTime now);
[[nodiscard]] Result<Account> find_session(Database& database, const Digest& token_hash, WallTime now);
[[nodiscard]] Result<void> remove_session(Database& database, const Digest& token_hash);

}  // namespace mj::index
