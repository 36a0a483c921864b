#pragma once

#include <set>
#include <string>
#include <vector>

#include "index/links.h"
#include "index/sqlite.h"

namespace mj::index {

/// Makes the rows of visits at `window` called in [from, to] be `visits`, with their links. A visit that is
/// still the same keeps its id. One that a person has decided about is never removed. Adds every case whose
/// links may have changed to `touched`.
[[nodiscard]] Result<void> put_visits(Database& database, const std::string& window, WallTime from,
                                      WallTime to, const std::vector<DerivedVisit>& visits,
                                      std::set<int64_t>& touched);

/// A ticket as it is looked for: small letters, no zeros (schema.sql).
[[nodiscard]] std::string ticket_key(std::string_view ticket);

}  // namespace mj::index
