#include <algorithm>

#include "index/cases.h"
#include "index/hold_rows.h"
#include "index/index.h"
#include "index/links.h"
#include "index/tail.h"

namespace mj::index {

namespace {

constexpr Duration kLeadIn = std::chrono::seconds(5);  // a review opens this long before the call

constexpr const char* kCase =
    "SELECT cases.id, number, items.code, items.name FROM cases"
    " LEFT JOIN items ON items.id = cases.item WHERE folded = ?1";
constexpr const char* kSteps =
    "SELECT type, step, at_us, window, windows.name, clerk, clerks.name, source FROM events"
    " LEFT JOIN windows ON windows.id = events.window LEFT JOIN clerks ON clerks.id = events.clerk"
    " WHERE events.counts = 1 AND events.id IN ("
    "   SELECT id FROM facts WHERE case_id = ?1"
    "   UNION SELECT called_event FROM links JOIN visits ON visits.id = visit WHERE case_id = ?1 AND state "
    "<> "
    "'rejected'"
    "   UNION SELECT finished_event FROM links JOIN visits ON visits.id = visit WHERE case_id = ?1 AND state "
    "<> 'rejected')"
    " ORDER BY at_us, source, source_id";
// Both begin with the columns of visit_row() and go on with those of link_row().
constexpr const char* kVisits =
    "SELECT visits.id, ticket, window, windows.name, clerk, clerks.name, called_us, finished_us, inferred,"
    " rating, '', links.source, links.confidence, links.rule, links.from_us, links.to_us, links.state,"
    " decisions.name, decisions.reason, decisions.at_us"
    " FROM links JOIN visits ON visits.id = links.visit"
    " LEFT JOIN decisions ON decisions.id = links.decision"
    " LEFT JOIN windows ON windows.id = visits.window LEFT JOIN clerks ON clerks.id = visits.clerk"
    " WHERE links.case_id = ?1 ORDER BY links.state = 'rejected', called_us, visits.id";
constexpr const char* kVisit =
    "SELECT visits.id, ticket, window, windows.name, clerk, clerks.name, called_us, finished_us, inferred,"
    " rating FROM visits LEFT JOIN windows ON windows.id = visits.window LEFT JOIN clerks ON clerks.id = "
    "visits.clerk WHERE visits.id = ?1";
constexpr const char* kLinksOfVisit =
    "SELECT 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, cases.number, links.source, confidence, rule, from_us, to_us, "
    "state,"
    " decisions.name, reason, at_us FROM links JOIN cases ON cases.id = links.case_id"
    " LEFT JOIN decisions ON decisions.id = links.decision"
    " WHERE links.visit = ?1 ORDER BY state = 'rejected', confidence DESC, cases.number";
constexpr const char* kStreamsThen =
    "SELECT role, key, name, purpose, legal_basis FROM window_streams"
    " JOIN streams ON streams.id = window_streams.stream"
    " WHERE window = ?1 AND from_us <= ?2 AND (to_us > ?2 OR to_us IS NULL)";

CaseStep step_row(const Statement& row) {
  const std::string type = row.text(0);
  const bool is_step = type == name(Event::Type::case_step);
  return {is_step ? row.text(1) : type, row.time(2), named(row, 3, 4), named(row, 5, 6), row.text(7)};
}

Visit visit_row(const Statement& row) {
  Visit visit;
  visit.id = row.integer(0);
  visit.ticket = row.text(1);
  visit.window = named(row, 2, 3);
  visit.clerk = named(row, 4, 5);
  visit.called = row.time(6);
  visit.finished = row.maybe_time(7);
  visit.inferred = row.integer(8) != 0;
  if (!row.is_null(9)) visit.rating = static_cast<int>(row.integer(9));
  return visit;
}

LinkState link_state_from(std::string_view text) {
  for (const auto state : {LinkState::confirmed, LinkState::rejected, LinkState::added}) {
    if (text == name(state)) return state;
  }
  return LinkState::inferred;
}

Link link_row(const Statement& row) {
  return {row.text(10),
          row.text(11),
          row.real(12),
          row.text(13),
          row.time(14),
          row.maybe_time(15),
          link_state_from(row.text(16)),
          row.text(17),
          row.text(18),
          row.maybe_time(19)};
}

constexpr const char* kRoles[] = {"counter", "screen", "area"};

/// The order to show: by role, then camera by camera, each main stream before its sub stream.
auto place_of(const VisitStream& stream) {
  const auto role = std::ranges::find(kRoles, std::string_view(stream.role)) - std::begin(kRoles);
  return std::tuple(role, stream.key.substr(0, stream.key.rfind('.')), stream.kind);
}

VisitStream stream_row(const Statement& row) {
  VisitStream stream;
  stream.role = row.text(0);
  stream.key = row.text(1);
  stream.kind = kind_of_key(stream.key);
  stream.name = row.text(2);
  stream.purpose = row.text(3);
  stream.legal_basis = row.text(4);
  return stream;
}

VisitStream nothing_mapped(const char* role, StreamKind kind, const char* detail) {
  VisitStream stream;
  stream.role = role;
  stream.kind = kind;
  stream.state = FootageState::never_mapped;
  stream.detail = detail;
  return stream;
}

Result<std::vector<VisitStream>> streams_then(Database& database, const Visit& visit) {
  std::vector<VisitStream> streams;
  MJ_CHECK(database.each(
      kStreamsThen, [&](const Statement& row) { streams.push_back(stream_row(row)); },
      visit.window.value_or(Named{}).id, visit.called));
  const auto has = [&](const char* role) {
    return std::ranges::any_of(streams, [role](const auto& stream) { return stream.role == role; });
  };
  // A pane that stays empty says why.
  if (!has("counter")) {
    streams.push_back(nothing_mapped("counter", StreamKind::main, "no camera watched this window then"));
  }
  if (!has("screen")) {
    streams.push_back(
        nothing_mapped("screen", StreamKind::screen, "no workstation belonged to this window then"));
  }
  std::ranges::sort(streams, {}, place_of);
  return streams;
}

}  // namespace

Result<CaseAnswer> case_answer(Database& database, const std::string& number) {
  MJ_TRY(const auto folded, fold_case_number(number));
  CaseAnswer answer;
  const auto head = [&](const Statement& row) {
    answer.number = row.text(1);
    if (!row.is_null(2)) answer.item = Named{row.text(2), row.text(3)};
    return row.integer(0);
  };
  MJ_TRY(const auto id, database.first(kCase, head, folded));
  if (!id) return fail(ErrorKind::not_found, "there is no case \"{}\"", number);
  MJ_CHECK(database.each(
      kSteps, [&](const Statement& row) { answer.steps.push_back(step_row(row)); }, *id));
  MJ_CHECK(database.each(
      kVisits,
      [&](const Statement& row) {
        answer.visits.push_back(visit_row(row));
        answer.visits.back().link = link_row(row);
      },
      *id));
  for (auto& visit : answer.visits) {
    MJ_TRY(visit.streams, streams_then(database, visit));
  }
  MJ_TRY(answer.holds, holds_over(database, answer));
  return answer;
}

Result<Visit> visit_answer(Database& database, int64_t id) {
  MJ_TRY(auto visit, database.first(kVisit, visit_row, id));
  if (!visit) return fail(ErrorKind::not_found, "there is no visit {}", id);
  MJ_CHECK(database.each(
      kLinksOfVisit, [&](const Statement& row) { visit->links.push_back(link_row(row)); }, id));
  MJ_TRY(visit->streams, streams_then(database, *visit));
  return std::move(*visit);
}

std::optional<Named> named(const Statement& row, int id, int name) {
  if (row.is_null(id) || row.text(id).empty()) return std::nullopt;
  return Named{row.text(id), row.is_null(name) ? row.text(id) : row.text(name)};
}

Span review_span(const Visit& visit, WallTime now) {
  const WallTime end = visit.finished.value_or(std::min(now, visit.called + kLongestVisit));
  return {visit.called - kLeadIn, std::max(end, visit.called + kLeadIn)};
}

void tell_state(VisitStream& stream, const Coverage& coverage, WallTime called) {
  if (!coverage.footage.empty()) {
    stream.state = FootageState::footage;
    return;
  }
  const auto deleted = [called](const Purged& purged) {
    return purged.begin <= called && purged.end > called;
  };
  auto purged = std::ranges::find_if(coverage.purged, deleted);
  if (purged == coverage.purged.end() && coverage.gaps.empty()) purged = coverage.purged.begin();
  if (purged != coverage.purged.end()) {
    stream.state = FootageState::purged;
    stream.detail = sentence(*purged);
    return;
  }
  stream.state = FootageState::gap;
  if (coverage.gaps.empty()) {
    stream.detail = "nothing is on the disk yet";
    return;
  }
  const auto covers = [called](const Gap& gap) {
    return gap.begin <= called && (!gap.end || *gap.end > called);
  };
  auto gap = std::ranges::find_if(coverage.gaps, covers);
  if (gap == coverage.gaps.end()) gap = std::prev(coverage.gaps.end());
  stream.cause = gap->cause;
  stream.detail = gap->detail;
}

}  // namespace mj::index
