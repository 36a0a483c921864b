#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "index/backup.h"
#include "index/lanes.h"
#include "index/sizes.h"
#include "storage/storage.h"

/// What work on the index as a whole came to. Plain values. Part of index/index.h.
namespace mj::index {

/// One thing that is not as the storage law wants it.
struct Finding {
  std::string kind;  ///< missing_file, orphan_file, size_differs, hash_differs, open_file, chain_broken,
                     ///< stranger, store_unavailable; hold_log, register_log: of none
  storage::SegmentRef segment;
  std::string detail;
  bool healed = false;
};

struct CheckReport {
  uint64_t rows = 0, files = 0, bytes = 0;
  std::vector<Finding> findings;
};

/// What recover() and adopt_backlog() made rows of.
struct Adopted {
  uint64_t files = 0;
  uint64_t unreadable = 0;            ///< files that tell nothing about themselves; they stay where they are
  std::vector<std::string> unlisted;  ///< a sentence per store that could not be looked through
};

/// How an index was made anew.
struct Rebuilt {
  std::filesystem::path aside;       ///< where the old index lies now; empty when there was none
  std::vector<std::string> carried;  ///< tables whose rows could be taken over from it
  std::vector<std::string> lost;     ///< a sentence per table that could not
  Adopted adopted;
};

/// What one turn of the purge may take.
struct PurgeLimits {
  uint64_t segments = 200;
  Duration time = std::chrono::milliseconds(200);
};

/// How the purge stands. Counts are since the start.
struct PurgeStatus {
  uint64_t segments = 0, bytes = 0;  ///< deleted
  uint64_t errors = 0;               ///< attempts that failed
  uint64_t garbage = 0;              ///< segments whose deletion is under way
  uint64_t due = 0;                  ///< old enough and still there; each stream counts up to a thousand
  Duration overdue{0};               ///< how late the oldest of all these is
  Duration clock_behind{0};          ///< how much of the host's clock is not believed
  bool more = false;                 ///< another turn now would find work
  std::string trouble;               ///< a sentence; empty: none in the last turn
};

}  // namespace mj::index
