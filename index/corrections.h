#pragma once

#include <string>
#include <vector>

#include "index/model.h"
#include "index/sqlite.h"

/// Which events count. An event of a feed does not count when another of that feed corrects or withdraws it;
/// when one that it goes back to, correction by correction, was withdrawn; or when another corrects the same
/// event and has the greater id (the longer one, else by bytes: "q-10" after "q-9"). Nothing comes back: what
/// was corrected stays so when the correction is withdrawn. So the answer depends on what is stored alone,
/// never on the order in which it came.
namespace mj::index {

/// Chains of corrections are followed this far.
inline constexpr int kLongestChain = 16;

/// What an event bears on, as its row says.
struct StoredFact {
  int64_t id = 0;
  Event::Type type = Event::Type::ticket_called;
  WallTime at;
  std::optional<WallTime> until;
  std::string window, ticket, clerk;
  std::optional<int64_t> case_id;
};

/// After `event` was stored as `fact`: brings `events.counts` up to date. Returns every event for which
/// that changed what counts, the new one among them.
[[nodiscard]] Result<std::vector<StoredFact>> settle_corrections(Database& database,
                                                                 const std::string& source,
                                                                 const Event& event, StoredFact fact);

}  // namespace mj::index
