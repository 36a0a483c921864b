#pragma once

#include <map>
#include <vector>

#include "index/holds.h"
#include "index/sqlite.h"

/// Rows of holds. Functions of a connection; whoever calls them holds the transaction. Each change leaves a
/// line in holds_unlogged for holds.log (hold_log.h).
namespace mj::index {

/// `placed` becomes a moment that no other hold has. Errors: those of Holds::place().
[[nodiscard]] Result<int64_t> put_hold(Database& database, const HoldOrder& order, WallTime placed);
/// Errors: those of Holds::lift().
[[nodiscard]] Result<void> lift_hold(Database& database, int64_t id, const std::string& reason,
                                     const HoldPerson& by, WallTime now);

/// What its visits show now is added to the holds of a case; never is anything taken away.
[[nodiscard]] Result<void> widen_holds(Database& database, int64_t case_id);
[[nodiscard]] Result<void> widen_all_holds(Database& database);

/// What must not be deleted of each stream that is in this index, as far as it begins before `before`: sorted
/// and apart from each other.
using HeldSpans = std::map<int64_t, std::vector<Span>>;
[[nodiscard]] Result<HeldSpans> held_spans(Database& database, WallTime before);

/// With what it protects now. Errors: not_found.
[[nodiscard]] Result<Hold> hold_answer(Database& database, int64_t id);
[[nodiscard]] Result<Holds::Page> list_holds(Database& database, const Holds::Filter& filter);
/// Holds in force of this case, or of footage that its visits show; by id.
[[nodiscard]] Result<std::vector<int64_t>> holds_over(Database& database, const CaseAnswer& answer);

// --- for holds.log -------------------------------------------------------------------------------

/// Lines that are not in the log yet, each a JSON object.
[[nodiscard]] Result<void> note_placed(Database& database, int64_t id);
[[nodiscard]] Result<void> note_widened(Database& database, int64_t id, const std::vector<StreamSpan>& spans);
[[nodiscard]] Result<void> note_lifted(Database& database, int64_t id);

}  // namespace mj::index
