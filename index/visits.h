#pragma once

#include <map>
#include <string>

#include "index/corrections.h"
#include "index/link_rows.h"
#include "index/model.h"
#include "index/sqlite.h"

namespace mj::index {

/// Which visits and cases a batch of events bears on, collected while it is stored, worked off once at its
/// end. `now`: when. Thread and owner: one ingest. Does not: infer; the rules are in links.cpp.
class VisitUpdate {
 public:
  explicit VisitUpdate(WallTime now) : now_(now) {}

  /// An event was stored, or counts no longer: what it says may change visits at its window, or of its clerk.
  [[nodiscard]] Result<void> note(Database& database, const StoredFact& fact);
  /// A title with a number came onto a screen, or went, in [from, to].
  [[nodiscard]] Result<void> note_screen(Database& database, int64_t stream, WallTime from, WallTime to);
  /// What a screen shows of whoever worked there is another in [from, to].
  [[nodiscard]] Result<void> note_presence(Database& database, int64_t stream, WallTime from, WallTime to);
  /// Derives the noted visits again from all stored events and makes the rows so, and then
  /// what is proposed to be looked at. Ids of visits that stay stay.
  [[nodiscard]] Result<void> work_off(Database& database);

 private:
  void note_window(const std::string& window, WallTime from, WallTime to);
  [[nodiscard]] Result<void> note_titles_of(Database& database, int64_t case_id);
  /// Where the case of a step was worked on around it.
  [[nodiscard]] Result<void> note_screens_of(Database& database, const StoredFact& step);
  [[nodiscard]] Result<void> note_complaint(Database& database, const StoredFact& fact);
  [[nodiscard]] Result<void> note_duty(Database& database, const StoredFact& fact);

  std::map<std::string, std::vector<Span>>
      windows_;  ///< [first, last] event times, of neighbouring events together
  Touched touched_;
  WallTime now_;
};

/// The visit that the call `corrected` (an event's id in its feed) opened is from now on the one that the
/// call `by` (events.id) opened, if that counts: it keeps its id, and what people said of it.
[[nodiscard]] Result<void> follow_correction(Database& database, const std::string& source,
                                             const std::string& corrected, int64_t by);

}  // namespace mj::index
