#pragma once

#include <memory>
#include <vector>

#include "index/chained_log.h"
#include "index/mutex.h"
#include "index/register.h"
#include "index/sqlite.h"
#include "index/writer.h"

namespace mj::index {

/// Keeps the table `register` and the file register.log beside the index's folder the same: first the line,
/// synced, then the row, whose id is the line's number. Only whoever adds an entry looks at the log, so the
/// recorder's commits cost nothing more. Owner: Index::Impl. Thread: the writer's, but add() and drop() from
/// any. Does not: change a line or a row that is there. Failure: write() tells it, for the entry alone, but
/// when there is no space.
class RegisterLog final : public Companion {
 public:
  /// `index_directory`: of the index; the log lies beside it.
  explicit RegisterLog(const std::filesystem::path& index_directory)
      : log_((index_directory / "").parent_path().parent_path() / "register.log") {}

  [[nodiscard]] Result<void> begin(Database& /*database*/) override;
  [[nodiscard]] Result<void> seal(Database& /*database*/) override { return {}; }
  void committed() override;

  /// An entry on its way. The number is the writer thread's.
  struct Waiting {
    RegisterEntry entry;
    uint64_t number = 0;  ///< 0: not in the log yet
  };
  using Ticket = std::shared_ptr<Waiting>;
  void add(const Ticket& ticket);
  void drop(const Ticket& ticket);

  /// A command: `own` is in the log and in the rows, and with it, by one sync, all that were added before.
  /// Errors: no_space, internal (the log), those of the database.
  [[nodiscard]] Result<void> write(Database& database, const Ticket& own);
  /// A command: rows that the log has, lines that the rows have. A log that cannot be used is told, not
  /// returned.
  [[nodiscard]] Result<void> catch_up(Database& database);

  /// See Register::troubles(). `database`: at this moment, or a moment ago.
  [[nodiscard]] static Result<std::vector<std::string>> troubles(
      Database& database, const std::filesystem::path& index_directory);

 private:
  [[nodiscard]] Result<void> put(Database& database, const Ticket& own);
  [[nodiscard]] Result<void> put_all(Database& database, const std::vector<Ticket>& tickets);
  [[nodiscard]] Result<void> make_same(Database& database);
  [[nodiscard]] Result<void> take(Database& database, const ChainedLog::News& news, uint64_t known);
  [[nodiscard]] Result<void> write_anew(Database& database, uint64_t last);

  ChainedLog log_;
  bool begun_ = false;
  bool touched_ = false, sound_ = true;  ///< in this transaction: looked at, and every command went well
  Mutex mutex_;
  std::vector<Ticket> waiting_ MJ_GUARDED_BY(mutex_);
};

/// Newest first.
[[nodiscard]] Result<Register::Page> list_register(Database& database, const Register::Filter& filter);

}  // namespace mj::index
