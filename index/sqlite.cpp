#include "index/sqlite.h"

#include <sqlite3.h>

#include <cerrno>
#include <utility>

namespace mj::index {

namespace {

constexpr int kBusyTimeoutMs = 10'000;  // only `mingjing` programs beside us can make us wait

// synchronous=FULL: each commit is through fsync before it is acknowledged (reliability: NORMAL lost
// acknowledged rows).
constexpr const char* kWritePragmas =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;"
    "PRAGMA journal_size_limit=67108864; PRAGMA cache_size=-16384; PRAGMA temp_store=MEMORY;";
constexpr const char* kReadPragmas =
    "PRAGMA query_only=ON; PRAGMA trusted_schema=OFF; PRAGMA cache_size=-8192; PRAGMA temp_store=MEMORY;";

constexpr const char* kBeginRead = "BEGIN";
constexpr const char* kBeginWrite = "BEGIN IMMEDIATE";
constexpr const char* kCommit = "COMMIT";
constexpr const char* kRollback = "ROLLBACK";

ErrorKind kind_of(int code, int system_errno) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return ErrorKind::no_space;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_CANTOPEN:
    case SQLITE_PROTOCOL:
      return ErrorKind::unavailable;
    case SQLITE_IOERR:
      return system_errno == ENOSPC || system_errno == EDQUOT ? ErrorKind::no_space : ErrorKind::unavailable;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorKind::corrupt;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return ErrorKind::denied;
    case SQLITE_INTERRUPT:
      return ErrorKind::cancelled;
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
      return ErrorKind::invalid;
    default:
      return ErrorKind::internal;
  }
}

}  // namespace

tl::unexpected<Error> fail_sqlite(sqlite3* database, int code, const char* what) {
  const char* text = database == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(database);
  const int system_errno = database == nullptr ? 0 : sqlite3_system_errno(database);
  return fail(kind_of(code, system_errno), "{}: {}", what, text);
}

void CloseDatabase::operator()(sqlite3* handle) const {
  sqlite3_close_v2(handle);
}
void FinalizeStatement::operator()(sqlite3_stmt* handle) const {
  sqlite3_finalize(handle);
}

// --- Statement -----------------------------------------------------------------------------------

Statement::Statement(sqlite3* database, Slot* cached, UniqueStatement own)
    : database_(database),
      cached_(cached),
      own_(std::move(own)),
      handle_(cached != nullptr ? cached->handle.get() : own_.get()) {
  if (cached_ != nullptr) cached_->lent = true;
}

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_),
      cached_(std::exchange(other.cached_, nullptr)),
      own_(std::move(other.own_)),
      handle_(std::exchange(other.handle_, nullptr)),
      bind_code_(other.bind_code_) {}

Statement::~Statement() {
  if (cached_ == nullptr) return;
  sqlite3_reset(handle_);
  sqlite3_clear_bindings(handle_);
  cached_->lent = false;
}

int Statement::parameters() const {
  return sqlite3_bind_parameter_count(handle_);
}

void Statement::note(int code) {
  if (code != SQLITE_OK && bind_code_ == SQLITE_OK) bind_code_ = code;
}

void Statement::bind(int position, int64_t value) {
  note(sqlite3_bind_int64(handle_, position, value));
}
void Statement::bind(int position, double value) {
  note(sqlite3_bind_double(handle_, position, value));
}
void Statement::bind_null(int position) {
  note(sqlite3_bind_null(handle_, position));
}

void Statement::bind(int position, std::string_view value, Arguments arguments) {
  const char* data = value.data() == nullptr ? "" : value.data();  // a null pointer would bind NULL
  const auto owner = arguments == Arguments::stay ? SQLITE_STATIC : SQLITE_TRANSIENT;
  note(sqlite3_bind_text64(handle_, position, data, value.size(), owner, SQLITE_UTF8));
}

void Statement::bind(int position, BytesView value, Arguments arguments) {
  if (value.empty()) return note(sqlite3_bind_zeroblob(handle_, position, 0));
  const auto owner = arguments == Arguments::stay ? SQLITE_STATIC : SQLITE_TRANSIENT;
  note(sqlite3_bind_blob64(handle_, position, value.data(), value.size(), owner));
}

Result<bool> Statement::step() {
  if (bind_code_ != SQLITE_OK) return fail_sqlite(database_, bind_code_, "bind");
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return fail_sqlite(database_, code, "index");
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(handle_, column) == SQLITE_NULL;
}
int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(handle_, column);
}
double Statement::real(int column) const {
  return sqlite3_column_double(handle_, column);
}

std::string Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  if (data == nullptr) return {};
  return {data, static_cast<size_t>(sqlite3_column_bytes(handle_, column))};
}

BytesView Statement::blob(int column) const {
  const auto* data = static_cast<const uint8_t*>(sqlite3_column_blob(handle_, column));
  return {data, static_cast<size_t>(sqlite3_column_bytes(handle_, column))};
}

std::optional<WallTime> Statement::maybe_time(int column) const {
  if (is_null(column)) return std::nullopt;
  return time(column);
}

// --- Database ------------------------------------------------------------------------------------

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& file, Mode mode) {
  // Nobody asks SQLite how much memory it uses; counting costs a lock at each malloc and free.
  [[maybe_unused]] static const int uncounted = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  // NOMUTEX: a connection is used by one thread at a time, by construction.
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (mode == Mode::write ? SQLITE_OPEN_CREATE : 0);
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &raw, flags, nullptr);
  UniqueDatabase handle(raw);
  if (code != SQLITE_OK) return fail_sqlite(raw, code, file.c_str());
  sqlite3_busy_timeout(raw, kBusyTimeoutMs);
  std::unique_ptr<Database> database(new Database(std::move(handle)));  // NOLINT: private constructor
  auto pragmas = database->script(mode == Mode::write ? kWritePragmas : kReadPragmas);
  if (!pragmas) return tl::unexpected(pragmas.error().within(file.native()));
  return database;
}

Result<Statement> Database::lend(std::string_view sql) {
  auto found = cache_.find(sql);
  const bool cached = found != cache_.end();
  if (cached && !found->second.lent) return Statement(handle_.get(), &found->second, nullptr);
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  UniqueStatement statement(raw);
  if (code != SQLITE_OK) return fail_sqlite(handle_.get(), code, "prepare");
  if (cached) return Statement(handle_.get(), nullptr, std::move(statement));
  auto slot = cache_.emplace(sql, Statement::Slot{std::move(statement), false}).first;
  return Statement(handle_.get(), &slot->second, nullptr);
}

Result<void> Database::script(std::string_view sql) {
  const std::string text(sql);
  const int code = sqlite3_exec(handle_.get(), text.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return fail_sqlite(handle_.get(), code, "script");
  return {};
}

void Database::interrupt() {
  sqlite3_interrupt(handle_.get());
}

int64_t Database::last_insert_id() const {
  return sqlite3_last_insert_rowid(handle_.get());
}
int64_t Database::changes() const {
  return sqlite3_changes64(handle_.get());
}
bool Database::in_transaction() const {
  return sqlite3_get_autocommit(handle_.get()) == 0;
}

// --- Transaction ---------------------------------------------------------------------------------

Result<Transaction> Transaction::begin(Database& database, Kind kind) {
  MJ_CHECK(database.run(kind == Kind::read ? kBeginRead : kBeginWrite));
  return Transaction(database);
}

Result<void> Transaction::commit() {
  Database* database = std::exchange(database_, nullptr);
  auto committed = database->run(kCommit);
  if (!committed && database->in_transaction()) static_cast<void>(database->run(kRollback));
  return committed;
}

Transaction::~Transaction() {
  // SQLite may already have rolled back by itself; then there is nothing to do.
  if (database_ != nullptr && database_->in_transaction()) static_cast<void>(database_->run(kRollback));
}

}  // namespace mj::index
