#pragma once

#include <string>
#include <vector>

#include "index/desk.h"
#include "index/model.h"
#include "index/sqlite.h"

/// Questions about cases; functions of a connection in one snapshot. See Index for their meaning.
namespace mj::index {

[[nodiscard]] Result<std::vector<CaseHit>> search_cases(Database& database, const std::string& query,
                                                        int limit, const CaseCursor& after);
[[nodiscard]] Result<std::vector<CaseHit>> recent_cases(Database& database, int limit,
                                                        const CaseCursor& after);

/// Without the state of the streams, which needs coverage: that is told with tell_state().
[[nodiscard]] Result<CaseAnswer> case_answer(Database& database, const std::string& number);

/// One visit with all its links, and likewise without the state of its streams. Errors: not_found.
[[nodiscard]] Result<Visit> visit_answer(Database& database, int64_t id);

/// One line of the list of visits.
[[nodiscard]] Result<std::optional<VisitLine>> visit_line(Database& database, int64_t id);

/// A page of it.
[[nodiscard]] Result<Desk::Page> list_visits(Database& database, const Desk::Filter& filter);

/// What a feed named, with the name we know, or else the id as its own name; nothing for no id.
[[nodiscard]] std::optional<Named> named(const Statement& row, int id, int name);

/// What of a visit a reviewer looks at: from a little before the call to its end, or to now while it goes on.
[[nodiscard]] Span review_span(const Visit& visit, WallTime now);

/// footage when there is any in `coverage`, else a gap with the cause at the moment of the call.
void tell_state(VisitStream& stream, const Coverage& coverage, WallTime called);

}  // namespace mj::index
