#include "index/migrate.h"

namespace mj::index {

namespace {

constexpr const char* kReadVersion = "PRAGMA user_version";
constexpr const char* kReadApplication = "PRAGMA application_id";
constexpr const char* kCountTables = "SELECT count(*) FROM sqlite_schema";

Result<int64_t> number(Database& database, const char* sql) {
  MJ_TRY(const auto value, database.first(sql, [](const Statement& row) { return row.integer(0); }));
  return value.value_or(0);
}

Result<void> expect_index(Database& database) {
  MJ_TRY(const int64_t application, number(database, kReadApplication));
  if (application == kApplicationId) return {};
  return fail(ErrorKind::invalid, "this SQLite file is not an index of Mingjing (application_id {})",
              application);
}

Result<void> step_to(Database& database, size_t version) {
  MJ_TRY(auto transaction, Transaction::begin(database, Transaction::Kind::write));
  MJ_CHECK(database.script(migrations()[version - 1]));
  // A pragma takes no parameters; both values are numbers of ours.
  MJ_CHECK(database.script(
      fmt::format("PRAGMA user_version={}; PRAGMA application_id={};", version, kApplicationId)));
  return transaction.commit();
}

}  // namespace

Result<void> migrate(Database& database) {
  MJ_TRY(const int64_t version, number(database, kReadVersion));
  MJ_TRY(const int64_t tables, number(database, kCountTables));
  const bool empty = tables == 0 && version == 0;
  if (!empty) MJ_CHECK(expect_index(database));
  const auto newest = static_cast<int64_t>(migrations().size());
  if (version > newest) {
    return fail(
        ErrorKind::invalid,
        "the index has schema version {}, this program knows versions up to {}; use the newer program",
        version, newest);
  }
  for (int64_t next = version + 1; next <= newest; ++next) {
    auto stepped = step_to(database, static_cast<size_t>(next));
    if (!stepped) return tl::unexpected(stepped.error().within(fmt::format("migrate to version {}", next)));
  }
  return {};
}

Result<void> expect_newest(Database& database) {
  MJ_CHECK(expect_index(database));
  MJ_TRY(const int64_t version, number(database, kReadVersion));
  const auto newest = static_cast<int64_t>(migrations().size());
  if (version == newest) return {};
  return fail(
      ErrorKind::unavailable, "the index has schema version {}, this program reads version {}; {}", version,
      newest,
      version < newest ? "start mingjingd once, it brings the index up to date" : "use the newer program");
}

Result<std::unique_ptr<Database>> open_beside(const std::filesystem::path& directory, Database::Mode mode) {
  const auto file = directory / "index.db";
  if (std::error_code ignored; !std::filesystem::exists(file, ignored))
    return fail(ErrorKind::not_found, "there is no index in {}; start mingjingd once", directory.native());
  MJ_TRY(auto database, Database::open(file, mode));
  auto known = expect_newest(*database);
  if (!known) return tl::unexpected(known.error().within(file.native()));
  return database;
}

Result<void> read_beside(const std::filesystem::path& directory,
                         const std::function<Result<void>(Database&)>& read) {
  MJ_TRY(const auto database, open_beside(directory, Database::Mode::read));
  MJ_TRY(const auto snapshot, Transaction::begin(*database, Transaction::Kind::read));
  return read(*database);
}

}  // namespace mj::index
