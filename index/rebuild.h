#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "index/index.h"
#include "index/sqlite.h"
#include "index/unique_fd.h"

/// The index made anew beside the old one, which is kept. See "Index lost" in the README.
namespace mj::index {

/// The folder, in the index's own, of an index that is being made. It keeps no holds.log: the index that it
/// becomes takes and gives what is missing when it is opened.
inline constexpr const char* kDraft = "rebuilding";

/// One index, one process. The lock goes with the process, however it ends.
[[nodiscard]] Result<UniqueFd> lock_directory(const std::filesystem::path& directory);
/// A file whose being there says something, durably.
[[nodiscard]] Result<void> raise_flag(const std::filesystem::path& flag);
[[nodiscard]] Result<void> sync_directory(const std::filesystem::path& directory);

/// Copies every table that files cannot tell from the index `old` into `fresh`, each alone: what is damaged
/// is named in `rebuilt.lost`, the rest in `rebuilt.carried`. `old` must have no user.
[[nodiscard]] Result<void> carry_over(const std::filesystem::path& old, Database& fresh, Rebuilt& rebuilt);

/// Names of the tables that carry_over() copies, and of those that are made from files.
[[nodiscard]] std::vector<std::string_view> carried_tables();
[[nodiscard]] std::vector<std::string_view> tables_from_files();
/// And those that the new index makes from its own rows as it goes (words.h).
[[nodiscard]] std::vector<std::string_view> tables_made_again();

}  // namespace mj::index
