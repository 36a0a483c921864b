#pragma once

#include <string>

#include "index/index.h"
#include "server/feeds/importer.h"
#include "server/feeds/sql_client.h"

namespace mj::server {

/// Reads a feed's database from where it was read last, in bounded turns. How far is kept in the index, after
/// the events are: killed anywhere, it reads some rows again, and events are stored once. The row at the
/// cursor is read again each time, because others may have come with the same value. Owner: FeedReader; what
/// the source borrows and the index must outlive it. Thread: one, which waits for the database (at most some
/// 11 s). Failure: the log says what is wrong, once, and it is tried again; a row that is refused is told and
/// passed over.
class SqlPull {
 public:
  SqlPull(const Importer::Source& source, index::Index& index) : source_(source), index_(index) {}

  /// Asks if it is time to.
  void turn();
  /// Why it could not be asked last time; empty: it could.
  [[nodiscard]] const std::string& trouble() const { return last_complaint_; }
  [[nodiscard]] const std::string& feed() const { return source_.feed.id; }
  /// Asks once. True: there is more.
  [[nodiscard]] Result<bool> pull();

  static constexpr size_t kRows = 1000;
  static constexpr size_t kMostRows = 100'000;

 private:
  /// `cursor_of` a row by its number, from 1: by that a person finds it.
  void tell(const ImportReport& report, const std::function<std::string(int)>& cursor_of);

  const Importer::Source source_;
  index::Index& index_;
  size_t limit_ = kRows;  ///< grows while more rows than that share one value of the cursor
  SteadyTime next_;
  std::string last_complaint_;
  std::string last_problem_;
};

}  // namespace mj::server
