#include "index/sizes.h"

#include <algorithm>
#include <map>

#include "index/migrate.h"
#include "index/sqlite.h"

namespace mj::index {

namespace {

// One look at every page. A row is a cell: of a leaf, and in a table without rowid also of the pages above.
constexpr const char* kPages =
    "SELECT parts.tbl_name, parts.type = 'index', pages.bytes, pages.leaf + tables.wr * pages.internal FROM"
    " (SELECT name, sum(pgsize) AS bytes, sum(iif(pagetype = 'leaf', ncell, 0)) AS leaf,"
    "  sum(iif(pagetype = 'internal', ncell, 0)) AS internal FROM dbstat GROUP BY name) AS pages"
    " JOIN sqlite_schema AS parts ON parts.name = pages.name"
    " JOIN pragma_table_list AS tables ON tables.schema = 'main' AND tables.name = parts.tbl_name";
constexpr const char* kWhole =
    "SELECT page_count * page_size, freelist_count * page_size"
    " FROM pragma_page_count, pragma_freelist_count, pragma_page_size";

/// Bytes of a file; 0 without it.
uint64_t bytes_of(const std::filesystem::path& file) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(file, error);
  return error ? 0 : bytes;
}

}  // namespace

Result<IndexSizes> read_sizes(const std::filesystem::path& directory) {
  IndexSizes sizes{.wal_bytes = bytes_of(directory / "index.db-wal")};
  std::map<std::string, TableSize> tables;
  MJ_CHECK(read_beside(directory, [&](Database& database) -> Result<void> {
    MJ_CHECK(database.each(kWhole, [&](const Statement& row) {
      sizes.bytes = static_cast<uint64_t>(row.integer(0));
      sizes.free_bytes = static_cast<uint64_t>(row.integer(1));
    }));
    return database.each(kPages, [&](const Statement& row) {
      TableSize& table = tables[row.text(0)];
      table.table = row.text(0);
      const bool is_index = row.integer(1) != 0;
      (is_index ? table.index_bytes : table.bytes) += static_cast<uint64_t>(row.integer(2));
      if (!is_index) table.rows = static_cast<uint64_t>(row.integer(3));
    });
  }));
  for (auto& [name, table] : tables) sizes.tables.push_back(std::move(table));
  std::ranges::sort(sizes.tables, std::ranges::greater(),
                    [](const TableSize& table) { return table.bytes + table.index_bytes; });
  return sizes;
}

}  // namespace mj::index
