#pragma once

#include <vector>

#include "index/lanes.h"
#include "index/sqlite.h"

/// Whether a workstation's screen shows that somebody worked there: rows of `presence`, kept with every row
/// of `shots`, in the same transaction. The same shots give the same rows in whatever order they came. No row
/// says that nobody was there: only what the screen shows. Functions of a connection, as footage.h.
namespace mj::index {

/// One touches keyboard or mouse this often while one works with them.
inline constexpr Duration kInputLasts = std::chrono::seconds(60);

class VisitUpdate;

/// A shot's row was written. May be repeated. `visits` is told of time that shows another state now.
[[nodiscard]] Result<void> note_presence(Database& database, int64_t stream, WallTime at, int64_t idle_ms,
                                         bool locked, VisitUpdate& visits);
/// The shots of [from, to) were deleted: what they showed goes, also of a row that reaches beyond.
[[nodiscard]] Result<void> cut_presence(Database& database, int64_t stream, WallTime from, WallTime to);

/// What overlaps [from, to), cut to it, by time; holes are time of which the screen shows nothing. An agent
/// makes no shots of a locked screen but says so, and that is among `gaps`: there it was locked.
[[nodiscard]] Result<std::vector<PresencePart>> presence_between(Database& database, int64_t stream,
                                                                 WallTime from, WallTime to,
                                                                 const std::vector<Gap>& gaps);

}  // namespace mj::index
