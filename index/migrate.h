#pragma once

#include <filesystem>
#include <functional>
#include <string_view>
#include <vector>

#include "index/sqlite.h"

namespace mj::index {

/// "MJIX": tells file(1) and us that a SQLite file is an index of ours.
inline constexpr int64_t kApplicationId = 0x4D4A4958;

/// The text of index/migrations/0001.sql, 0002.sql … ; entry n leads from schema version n to n + 1.
[[nodiscard]] const std::vector<std::string_view>& migrations();

/// Brings a file to the newest version; each step is one transaction. Errors: invalid (made by a newer
/// Mingjing, or not an index at all), corrupt, no_space, unavailable.
[[nodiscard]] Result<void> migrate(Database& database);

/// For readers, who change nothing. Errors: unavailable (not of the newest version), invalid (not an index at
/// all).
[[nodiscard]] Result<void> expect_newest(Database& database);

/// A connection of its own to the index of `directory`, beside mingjingd's. Errors: not_found (no index),
/// unavailable (made by another version), corrupt.
[[nodiscard]] Result<std::unique_ptr<Database>> open_beside(const std::filesystem::path& directory,
                                                            Database::Mode mode);

/// Reads the index of `directory` in one snapshot, beside the mingjingd that writes it. Errors: not_found (no
/// index), unavailable (made by another version), corrupt, those of `read`.
[[nodiscard]] Result<void> read_beside(const std::filesystem::path& directory,
                                       const std::function<Result<void>(Database&)>& read);

}  // namespace mj::index
