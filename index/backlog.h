#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "index/footage.h"

namespace mj::index {

/// Files without a row whose adoption can wait until recording goes on. Owner: Index::Impl; filled by
/// recover(), emptied by adopt_backlog(); one thread at a time. Plain values.
struct Backlog {
  struct File {
    config::Store store;
    storage::SegmentRef segment;
  };
  /// What a file says of the one before it: its hash, so that not every byte must be read again.
  struct Successor {
    WallTime start;
    Digest previous{};
  };

  std::vector<File> files;  ///< oldest first; adopted from the end, because people ask for the newest
  std::map<StreamKey, Successor> successors;
  std::vector<std::string> unlisted;  ///< a sentence per store that could not be looked through
  uint64_t adopted = 0;
  uint64_t unreadable = 0;
};

/// Closes or opens gap rows so that every moment from the stream's first file to its newest is explained
/// before the files are carved out of it. `starts`: of the files without a row, sorted, not empty.
[[nodiscard]] Result<void> explain_holes(Database& database, const StreamKey& stream,
                                         const std::vector<WallTime>& starts);

/// The file's fragments as spans; pauses that mean nothing are part of them, also the one before
/// `next_start`.
[[nodiscard]] std::vector<Span> bridged_spans(const storage::FoundSegment& found,
                                              std::optional<WallTime> next_start);

/// Rows of one file: run, segment, shots; no gap overlaps it afterwards. `visits` is to be worked off, once
/// for many files.
[[nodiscard]] Result<void> put_found(Database& database, const storage::FoundSegment& found,
                                     std::optional<WallTime> next_start, VisitUpdate& visits);

/// Sentence of a gap that only the lost index could explain.
inline constexpr const char* kIndexLost =
    "the files do not say why nothing was recorded here, and the index that could was lost";

}  // namespace mj::index
