#pragma once

#include <string>
#include <vector>

#include "index/model.h"
#include "index/sqlite.h"

namespace mj::index {

/// What becomes of a batch with a wrong event in it: none of it is taken, or the others. `each_row`: the
/// others; and an id that comes again with content that it never had replaces what it told.
enum class Take { all_or_none, each, each_row };

/// Stores the events of one batch and brings the visits and links that they bear on up to date. All or
/// nothing is the transaction's doing. Errors: invalid, beginning with the position: "events[3].window: ...".
[[nodiscard]] Result<Ingested> ingest_events(Database& database, const std::string& source,
                                             const std::vector<Event>& events, WallTime now, Take how);

}  // namespace mj::index
