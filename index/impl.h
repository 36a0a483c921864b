#pragma once

#include <memory>

#include "index/backlog.h"
#include "index/footage.h"
#include "index/hold_log.h"
#include "index/index.h"
#include "index/mutex.h"
#include "index/purger.h"
#include "index/reader_pool.h"
#include "index/register_log.h"
#include "index/tail.h"
#include "index/unique_fd.h"
#include "index/writer.h"

namespace mj::index {

/// Gap rows as they will be when what is on its way has been committed.
[[nodiscard]] std::vector<Gap> with_pending(std::vector<Gap> rows, const TailView& view);
/// What is younger than the rows, and how far the ledger reaches.
void add_live(CoverageFacts& facts, const TailView& view);

/// Fragments that touch, as one span each.
[[nodiscard]] std::vector<Span> spans_of(const std::vector<storage::FragmentPlace>& fragments);

/// A closed file as it is, an interrupted one recovered first; with its hash.
[[nodiscard]] Result<storage::FoundSegment> read_finished(const config::Store& store,
                                                          const storage::SegmentRef& segment);

/// A connection that reads for long, and how to end that early. Threads: any.
class Interruptible {
 public:
  /// False: cancelled before.
  bool begin(Database& database) {
    const MutexLock lock(mutex_);
    running_ = cancelled_ ? nullptr : &database;
    return !cancelled_;
  }
  void end() {
    const MutexLock lock(mutex_);
    running_ = nullptr;
  }
  void cancel() {
    const MutexLock lock(mutex_);
    cancelled_ = true;
    if (running_ != nullptr) running_->interrupt();
  }

 private:
  Mutex mutex_;
  Database* running_ MJ_GUARDED_BY(mutex_) = nullptr;
  bool cancelled_ MJ_GUARDED_BY(mutex_) = false;
};

/// What an Index is made of. The writer goes first at the end, because what it still commits tells the tail.
struct Index::Impl {
  Impl(const Clock& used_clock, std::filesystem::path used_directory, UniqueFd held_lock)
      : clock(used_clock), directory(std::move(used_directory)), lock(std::move(held_lock)) {}

  /// Has gap changes committed and then forgotten by the tail.
  void post(const StreamKey& stream, std::vector<NumberedChange> changes);
  /// The same at once, together with `rows`.
  [[nodiscard]] Result<void> commit(const StreamKey& stream, const std::vector<NumberedChange>& changes,
                                    const Writer::Command& rows);
  /// Rows and tail together. The tail is looked at first: see Tail.
  [[nodiscard]] Result<Coverage> coverage(const StreamKey& stream, WallTime from, WallTime to);
  /// What there is of the streams of these visits to show. Of all streams the tail first, then one snapshot.
  [[nodiscard]] Result<void> tell_states(std::vector<Visit>& visits);
  /// The row of a stream that the tail may know before the database does.
  [[nodiscard]] static Result<std::optional<StreamRow>> stream_row(Database& database,
                                                                   const StreamKey& stream,
                                                                   bool known_to_tail);
  /// Makes rows of a file that has none, under the rules of live footage.
  [[nodiscard]] Result<void> adopt(const storage::FoundSegment& found);

  void count(const std::string& source, const Ingested& ingested);

  /// Before files become rows: every moment up to the newest of them has a cause.
  [[nodiscard]] Result<void> explain_all(const std::vector<Backlog::File>& files);
  /// The ledgers go on where the rows end; behind the last footage is what a crash cost.
  [[nodiscard]] Result<void> resume_streams();

  [[nodiscard]] Result<Coverage> coverage_in(Database& snapshot, const TailView& view,
                                             const StreamKey& stream, WallTime from, WallTime to) const;

  const Clock& clock;
  std::filesystem::path directory;
  UniqueFd lock;
  Mutex order;  ///< held from a change of a ledger until the writer has it: they arrive as they were made
  Tail tail;
  Backlog backlog;
  Mutex feed_mutex;
  std::map<std::string, FeedStatus> feed_status MJ_GUARDED_BY(feed_mutex);
  Interruptible verifying;
  Purger purger;
  std::unique_ptr<HoldLog> hold_log;          ///< none in an index that is being made
  std::unique_ptr<RegisterLog> register_log;  ///< as hold_log
  std::unique_ptr<ReaderPool> readers;
  std::unique_ptr<Writer> writer;
};

}  // namespace mj::index
