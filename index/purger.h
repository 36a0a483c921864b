#pragma once

#include <filesystem>
#include <map>
#include <set>

#include "index/hold_log.h"
#include "index/mutex.h"
#include "index/purge_clock.h"
#include "index/purge_rows.h"
#include "index/reader_pool.h"
#include "index/reports.h"
#include "index/tail.h"
#include "index/writer.h"

namespace mj::index {

/// The automatic deletion of what is older than the retention (storage law 2): row to garbage → file removed
/// durably → record, row dropped. Killed between any two steps it goes on from the garbage rows. Owner:
/// Index::Impl, whose parts it borrows. Threads: turn() one at a time, status() any. Does not: run by itself;
/// delete what is open, what lies in a store that is missing, what is younger by the purge's own clock;
/// anything while the holds cannot be known. Failure: a file that cannot be deleted stays garbage, is told
/// and tried again, 10 s to 10 min apart.
class Purger {
 public:
  struct Parts {
    const Clock& clock;
    ReaderPool& readers;
    Writer& writer;
    const Tail& tail;
    const std::filesystem::path& directory;
    const HoldLog* holds;  ///< none: it never had any
  };

  [[nodiscard]] Result<PurgeStatus> turn(const Parts& parts, const storage::Remover& remover, int days,
                                         const PurgeLimits& limits);
  [[nodiscard]] PurgeStatus status() const;

 private:
  struct Failure {
    int tries = 0;
    SteadyTime next;
  };
  using Key = std::pair<int64_t, WallTime>;

  [[nodiscard]] Result<void> tick(const Parts& parts);
  [[nodiscard]] Result<void> keep_clock(const Parts& parts);
  [[nodiscard]] Result<uint64_t> condemn_due(const Parts& parts, int days, uint64_t limit);
  /// Deletes what can be tried now, until `deadline`; returns how much of it is left.
  [[nodiscard]] Result<uint64_t> work_off(const Parts& parts, const storage::Remover& remover,
                                          SteadyTime deadline);
  [[nodiscard]] bool may_try(const Parts& parts, const Garbage& garbage) const;
  void note_failure(const Garbage& garbage, const Error& error, SteadyTime now);
  [[nodiscard]] Result<void> measure(const Parts& parts, int days);
  [[nodiscard]] std::set<std::string> willing_stores() const;

  PurgeClock purge_clock_;
  std::optional<WallTime> kept_;
  bool resumed_ = false;
  PurgeCursors cursors_;
  SteadyTime cursors_since_;
  std::set<std::string> present_, looked_in_;
  std::map<Key, Failure> failures_;
  std::map<std::string, int> failing_;  ///< how many of failures_ lie in each store
  std::optional<SteadyTime> measured_;
  PurgeStatus now_;  ///< the turn's own; published at its end

  mutable Mutex mutex_;
  PurgeStatus published_ MJ_GUARDED_BY(mutex_);
};

}  // namespace mj::index
