#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "index/footage.h"

/// Rows of what is deleted and was deleted. Functions of a connection, as in footage.h.
namespace mj::index {

/// A segment on its way out.
struct Garbage {
  int64_t stream = 0;
  storage::SegmentRef segment;
  WallTime end;
  uint64_t bytes = 0;
};

/// What may go: segments that ended by `before`, in `stores`, by `rule`.
struct PurgeOrder {
  std::string rule;
  WallTime before;
  std::set<std::string> stores;
};

/// Where to go on in each stream: before it is only what has to wait (its store is missing), and need not be
/// looked at each time.
using PurgeCursors = std::map<int64_t, WallTime>;

/// Takes the oldest segments that may go out of the ledger: row to garbage, with the shots that it shows.
/// What a hold covers, also in part, may not. Returns how many; at most `limit`.
[[nodiscard]] Result<uint64_t> condemn(Database& database, const PurgeOrder& order, PurgeCursors& cursors,
                                       uint64_t limit, WallTime now);
[[nodiscard]] Result<std::vector<Garbage>> all_garbage(Database& database);
/// The file is durably gone: the row is dropped and the record written.
[[nodiscard]] Result<void> put_purged(Database& database, const Garbage& gone, WallTime now);

/// Deleted footage that overlaps [from, to), by begin; with what is being deleted.
[[nodiscard]] Result<std::vector<Purged>> purged_between(Database& database, const StreamRow& stream,
                                                         WallTime from, WallTime to);
/// The end of the newest deleted footage, and its hash.
[[nodiscard]] Result<std::optional<std::pair<WallTime, Digest>>> newest_purged(Database& database,
                                                                               int64_t stream);
/// Begin and hash of everything that was deleted of a stream: links of the chain that have no row.
[[nodiscard]] Result<std::map<WallTime, Digest>> purged_links(Database& database, int64_t stream);

struct DueCount {
  uint64_t segments = 0;           ///< each stream counts up to a thousand
  std::optional<WallTime> oldest;  ///< end of the oldest
};
/// What ended by `before` and is still there, also what has to wait, but not what is held.
[[nodiscard]] Result<DueCount> count_due(Database& database, WallTime before);

}  // namespace mj::index
