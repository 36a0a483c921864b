#pragma once

#include "config/config.h"
#include "index/sqlite.h"

/// Footage without a break, from the first of its closed segments to the last: rows of `spans`, so that what
/// there is of 90 days can be told without reading a row for each minute. Kept with every row of `segments`,
/// in the same transaction; says nothing about holes that have a row in `gaps`. Functions of a connection, as
/// footage.h.
namespace mj::index {

/// A segment's row was written. May be repeated.
[[nodiscard]] Result<void> add_to_spans(Database& database, int64_t stream, StreamKind kind, WallTime begin,
                                        WallTime end);
/// The row of the segment that began at `start` was deleted.
[[nodiscard]] Result<void> cut_from_spans(Database& database, int64_t stream, WallTime start);

}  // namespace mj::index
