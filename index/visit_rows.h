#pragma once

#include <string>
#include <vector>

#include "index/link_rows.h"
#include "index/sqlite.h"

namespace mj::index {

/// Makes the rows of visits at `window` called in [from, to] be `visits`, with their links. A visit that is
/// still the same keeps its id. One that a person has decided about is never removed. Adds to `touched` every
/// case whose links may have changed, and every visit that is not what it was.
[[nodiscard]] Result<void> put_visits(Database& database, const std::string& window, WallTime from,
                                      WallTime to, const std::vector<DerivedVisit>& visits, Touched& touched);

/// A ticket as it is looked for: small letters, no zeros (schema_cases.sql).
[[nodiscard]] std::string ticket_key(std::string_view ticket);

}  // namespace mj::index
