#pragma once

#include <string>
#include <vector>

#include "index/model.h"
#include "index/sqlite.h"

namespace mj::index {

/// Stores the events of one batch and brings the visits and links that they bear on up to date. All or
/// nothing is the transaction's doing. Errors: invalid, beginning with the position: "events[3].window: ...".
[[nodiscard]] Result<Ingested> ingest_events(Database& database, const std::string& source,
                                             const std::vector<Event>& events, WallTime now);

}  // namespace mj::index
