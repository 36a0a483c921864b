#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "storage/storage.h"

/// What work on the index as a whole came to. Plain values. Part of index/index.h.
namespace mj::index {

/// One thing that is not as the storage law wants it.
struct Finding {
  std::string kind;  ///< missing_file, orphan_file, size_differs, hash_differs, open_file, chain_broken,
                     ///< stranger, store_unavailable
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

}  // namespace mj::index
