#pragma once

#include <map>
#include <set>
#include <string>

#include "index/model.h"
#include "index/sqlite.h"

namespace mj::index {

/// Which visits and cases a batch of events bears on, collected while it is stored, worked off once at its
/// end. Thread and owner: one ingest. Does not: infer; the rules are in links.cpp.
class VisitUpdate {
 public:
  /// An event was stored: what it says may change visits at its window, or of its clerk.
  [[nodiscard]] Result<void> note(Database& database, const Event& event, std::optional<int64_t> case_id);
  /// Derives the noted visits again from all stored events and makes the rows so. Ids of visits that stay
  /// stay.
  [[nodiscard]] Result<void> work_off(Database& database);

 private:
  void note_window(const std::string& window, WallTime at);

  std::map<std::string, std::vector<Span>>
      windows_;  ///< [first, last] event times, of neighbouring events together
  std::set<int64_t> cases_;
};

}  // namespace mj::index
