#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

/// What the index takes on disk, and how it is made. Part of index/index.h.
namespace mj::index {

struct TableSize {
  std::string table;
  uint64_t rows = 0;
  uint64_t bytes = 0;        ///< of its pages
  uint64_t index_bytes = 0;  ///< of the pages of its indexes
};

struct IndexSizes {
  uint64_t bytes = 0;             ///< of the file, once all of the log is in it
  uint64_t wal_bytes = 0;         ///< of the write-ahead log beside it
  uint64_t free_bytes = 0;        ///< pages of the file that wait to be filled again
  std::vector<TableSize> tables;  ///< largest first
};

/// Reads every page once, beside the mingjingd that writes them. Errors: not_found (no index), unavailable
/// (made by another version), corrupt.
[[nodiscard]] Result<IndexSizes> read_sizes(const std::filesystem::path& directory);

/// The newest schema as SQL, with a comment on every table: what an auditor needs who reads the index with a
/// tool of his own. Static.
[[nodiscard]] std::string_view schema_text();

}  // namespace mj::index
