#pragma once

#include <set>
#include <vector>

#include "index/links.h"
#include "index/sqlite.h"

/// The rows of links: what the rules derived and what persons said over them, together. Functions of the
/// writer's connection.
namespace mj::index {

/// Makes the links of a visit what `derived` and the decisions about it say. Adds every case whose links
/// changed or may have to `touched`.
[[nodiscard]] Result<void> settle_links(Database& database, int64_t visit,
                                        const std::vector<DerivedLink>& derived, std::set<int64_t>& touched);

/// After links or visits of cases changed: the moment by which lists of them are ordered, and what holds of
/// them protect.
[[nodiscard]] Result<void> refresh_cases(Database& database, const std::set<int64_t>& cases);

/// Stores a person's word and makes the links so. Errors: see Desk::decide().
[[nodiscard]] Result<void> take_decision(Database& database, const Decision& decision, WallTime now);

}  // namespace mj::index
