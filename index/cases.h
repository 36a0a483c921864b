#pragma once

#include <string>
#include <vector>

#include "index/model.h"
#include "index/sqlite.h"

/// Questions about cases; functions of a connection in one snapshot. See Index for their meaning.
namespace mj::index {

[[nodiscard]] Result<std::vector<CaseHit>> search_cases(Database& database, const std::string& query,
                                                        int limit);
[[nodiscard]] Result<std::vector<CaseHit>> recent_cases(Database& database, int limit);

/// Without the state of the streams, which needs coverage: that is told with tell_state().
[[nodiscard]] Result<CaseAnswer> case_answer(Database& database, const std::string& number);

/// What of a visit a reviewer looks at: from a little before the call to its end, or to now while it goes on.
[[nodiscard]] Span review_span(const Visit& visit, WallTime now);

/// footage when there is any in `coverage`, else a gap with the cause at the moment of the call.
void tell_state(VisitStream& stream, const Coverage& coverage, WallTime called);

}  // namespace mj::index
