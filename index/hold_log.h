#pragma once

#include "index/chained_log.h"
#include "index/sqlite.h"
#include "index/writer.h"

namespace mj::index {

/// Keeps the rows of holds and the file holds.log beside the index's folder the same: each transaction begins
/// with what the log has and the rows lack (the index was lost, restored, or its commit failed; another
/// process wrote), and ends with what the rows have and the log lacks, synced before the commit. So a hold is
/// at no moment in neither. A line whose chain does not hold is obeyed when it places or widens, not when it
/// lifts. Owner: Index::Impl; on the command line one call. Thread: whose transaction it is. Does not: refuse
/// the recorder's rows because the log cannot be written; write() does refuse. Failure: told once in the
/// spdlog; while the log cannot be read, expect_readable() fails and nothing is purged.
class HoldLog final : public Companion {
 public:
  /// `index_directory`: of the index; the log lies beside it.
  explicit HoldLog(const std::filesystem::path& index_directory)
      : log_((index_directory / "").parent_path().parent_path() / "holds.log") {}

  [[nodiscard]] Result<void> begin(Database& database) override;
  [[nodiscard]] Result<void> seal(Database& database) override;
  void committed() override { log_.settle(); }

  /// What the rows have more goes into the log now. Errors: no_space, and internal for anything else, because
  /// it is not the index's own disk that is in trouble.
  [[nodiscard]] Result<void> write(Database& database);
  /// Errors: internal.
  [[nodiscard]] Result<void> expect_readable() const { return readable_; }

  /// A sentence for each line whose chain does not hold, and for lines that were lost and written anew. Reads
  /// the whole log.
  [[nodiscard]] static Result<std::vector<std::string>> troubles(
      const std::filesystem::path& index_directory);

 private:
  [[nodiscard]] Result<void> take(Database& database, const ChainedLog::Line& line);
  [[nodiscard]] Result<void> note_missing(Database& database, const std::vector<ChainedLog::Line>& lines);
  void note_trouble(const Result<void>& done);

  ChainedLog log_;
  Result<void> readable_;
  bool in_trouble_ = false;
};

}  // namespace mj::index
