#pragma once

#include <cassert>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "config/config.h"

struct sqlite3;
struct sqlite3_stmt;

/// SQLite as values and Results. The only code that includes sqlite3.h.
namespace mj::index {

/// What SQLite says about `code`, with the kind that tells what to do about it.
[[nodiscard]] tl::unexpected<Error> fail_sqlite(sqlite3* database, int code, const char* what);

struct CloseDatabase {
  void operator()(sqlite3* handle) const;
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* handle) const;
};
using UniqueDatabase = std::unique_ptr<sqlite3, CloseDatabase>;
using UniqueStatement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

/// A prepared statement with its parameters bound, on loan from its Database, which must outlive it.
/// Thread: its Database's. Does not: convert types; a column is read as the type it was stored as.
/// Failure: a bind that failed shows at the first step(). The destructor resets it and gives it back.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  /// True: there is a row. False: done.
  [[nodiscard]] Result<bool> step();

  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] int64_t integer(int column) const;
  [[nodiscard]] double real(int column) const;
  [[nodiscard]] std::string text(int column) const;
  /// Valid until the next step().
  [[nodiscard]] BytesView blob(int column) const;
  [[nodiscard]] WallTime time(int column) const { return from_us(integer(column)); }
  [[nodiscard]] std::optional<WallTime> maybe_time(int column) const;

 private:
  friend class Database;
  struct Slot {
    UniqueStatement handle;
    bool lent = false;
  };
  /// Whether texts and blobs outlive the statement's use, so that SQLite need not copy them.
  enum class Arguments { may_go, stay };
  Statement(sqlite3* database, Slot* cached, UniqueStatement own);

  void bind(int position, int64_t value);
  void bind(int position, double value);
  void bind(int position, std::string_view value, Arguments arguments);
  void bind(int position, BytesView value, Arguments arguments);
  void bind_null(int position);
  template <class T>
  void bind_any(int position, const T& value, Arguments arguments);
  [[nodiscard]] int parameters() const;  ///< how many the statement has
  void note(int code);

  sqlite3* database_;
  Slot* cached_;         ///< lent from the cache, or
  UniqueStatement own_;  ///< made for this use because the cached one is in use
  sqlite3_stmt* handle_;
  int bind_code_ = 0;
};

/// One connection with its cache of prepared statements.
/// Owner: the writer or the reader pool. Thread: one at a time; not to be shared. Does not: retry or log.
/// Failure: errors carry SQLite's text and a kind: no_space (full), unavailable (busy, I/O), corrupt, denied,
/// invalid (constraint), cancelled (interrupted).
class Database {
 public:
  enum class Mode { write, read };
  /// `write` creates the file and sets WAL and synchronous=FULL; `read` refuses every change.
  [[nodiscard]] static Result<std::unique_ptr<Database>> open(const std::filesystem::path& file, Mode mode);

  /// A statement ready to step; `args` are bound to ?1, ?2 … in order.
  template <class... Args>
  [[nodiscard]] Result<Statement> query(std::string_view sql, const Args&... args);
  /// Runs to the end, ignoring rows.
  template <class... Args>
  [[nodiscard]] Result<void> run(std::string_view sql, const Args&... args);
  /// Calls `row` for each row; it may change what was given as `args`.
  template <class Row, class... Args>
  [[nodiscard]] Result<void> each(std::string_view sql, Row&& row, const Args&... args);
  /// What `row` makes of the first row, if there is one.
  template <class Row, class... Args>
  [[nodiscard]] auto first(std::string_view sql, Row&& row, const Args&... args)
      -> Result<std::optional<std::invoke_result_t<Row, const Statement&>>>;

  /// Many statements at once, for migrations and pragmas only: text of ours, never of others.
  [[nodiscard]] Result<void> script(std::string_view sql);

  /// Copies the database as it is now into the new file `target`, a few megabytes at a time, and has SQLite
  /// check the copy. Others go on writing meanwhile; what they write stays in the WAL until this is done. Not
  /// synced. `go_on()` false: cancelled.
  [[nodiscard]] Result<void> copy_to(const std::filesystem::path& target, const std::function<bool()>& go_on);

  /// Ends the statement that is running, with `cancelled`. From any thread.
  void interrupt();

  [[nodiscard]] int64_t last_insert_id() const;
  /// Rows changed by the last statement.
  [[nodiscard]] int64_t changes() const;
  /// False after SQLite rolled a transaction back by itself (disk full, I/O error).
  [[nodiscard]] bool in_transaction() const;

 private:
  explicit Database(UniqueDatabase handle) : handle_(std::move(handle)) {}
  [[nodiscard]] Result<Statement> lend(std::string_view sql);
  template <class... Args>
  [[nodiscard]] Result<Statement> bound(Statement::Arguments arguments, std::string_view sql,
                                        const Args&... args);

  UniqueDatabase handle_;  // before the cache: statements are finalized first
  std::map<std::string, Statement::Slot, std::less<>> cache_;
};

/// BEGIN … COMMIT; rolls back when not committed. Thread and owner: those of its Database.
class Transaction {
 public:
  enum class Kind { read, write };
  [[nodiscard]] static Result<Transaction> begin(Database& database, Kind kind);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();

  [[nodiscard]] Result<void> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

// --- templates -----------------------------------------------------------------------------------

template <class T>
void Statement::bind_any(int position, const T& value, Arguments arguments) {
  if constexpr (requires { value.has_value(); }) {
    value.has_value() ? bind_any(position, *value, arguments) : bind_null(position);
  } else if constexpr (std::is_same_v<T, WallTime>) {
    bind(position, to_us(value));
  } else if constexpr (std::is_same_v<T, Duration>) {
    bind(position, static_cast<int64_t>(value.count()));
  } else if constexpr (std::is_same_v<T, double>) {
    bind(position, value);
  } else if constexpr (std::is_integral_v<T>) {
    bind(position, static_cast<int64_t>(value));
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    bind(position, std::string_view(value), arguments);
  } else {
    bind(position, BytesView(value), arguments);
  }
}

template <class... Args>
Result<Statement> Database::bound(Statement::Arguments arguments, std::string_view sql, const Args&... args) {
  auto statement = lend(sql);
  if (!statement) return statement;
  int position = 0;
  (statement->bind_any(++position, args, arguments), ...);
  assert(position == statement->parameters() && "what is not bound would quietly be NULL");
  return statement;
}

template <class... Args>
Result<Statement> Database::query(std::string_view sql, const Args&... args) {
  return bound(Statement::Arguments::may_go, sql, args...);
}

template <class... Args>
Result<void> Database::run(std::string_view sql, const Args&... args) {
  MJ_TRY(auto statement, bound(Statement::Arguments::stay, sql, args...));
  while (true) {
    MJ_TRY(const bool more, statement.step());
    if (!more) return {};
  }
}

template <class Row, class... Args>
Result<void> Database::each(std::string_view sql, Row&& row, const Args&... args) {
  MJ_TRY(auto statement, query(sql, args...));
  while (true) {
    MJ_TRY(const bool more, statement.step());
    if (!more) return {};
    row(std::as_const(statement));
  }
}

template <class Row, class... Args>
auto Database::first(std::string_view sql, Row&& row, const Args&... args)
    -> Result<std::optional<std::invoke_result_t<Row, const Statement&>>> {
  MJ_TRY(auto statement, bound(Statement::Arguments::stay, sql, args...));
  MJ_TRY(const bool found, statement.step());
  if (!found) return std::nullopt;
  return row(std::as_const(statement));
}

}  // namespace mj::index
