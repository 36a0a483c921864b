#pragma once

#include <set>
#include <vector>

#include "index/links.h"
#include "index/sqlite.h"

/// The rows of links: what the rules derived and what persons said over them, together. Functions of the
/// writer's connection.
namespace mj::index {

/// What links or visits of which changed, or may have: cases, and visits. Worked off at the end of a batch.
struct Touched {
  std::set<int64_t> cases, visits;
};

/// Makes the links of a visit what `derived` and the decisions about it say. Adds the visit and every
/// case whose links changed to `touched`.
[[nodiscard]] Result<void> settle_links(Database& database, int64_t visit,
                                        const std::vector<DerivedLink>& derived, Touched& touched);

/// After links or visits of cases changed: the moment by which lists of them are ordered, and what holds of
/// them protect.
[[nodiscard]] Result<void> refresh_cases(Database& database, const std::set<int64_t>& cases);

/// What a person decides or orders needs a reason, and not a novel. Errors: invalid.
[[nodiscard]] Result<void> check_reason(const std::string& reason);

/// Stores a person's word and makes the links so. Errors: see Desk::decide().
[[nodiscard]] Result<void> take_decision(Database& database, const Decision& decision, WallTime now);

}  // namespace mj::index
