#include "index/hold_rows.h"

#include <algorithm>
#include <set>

#include "index/footage.h"
#include "index/index.h"
#include "index/link_rows.h"
#include "index/purge_rows.h"

namespace mj::index {

namespace {

constexpr int64_t kMostCounted = 10'000;                    // segments of a hold
constexpr size_t kMostGone = 200;                           // intervals of a hold
constexpr Duration kMargin = std::chrono::minutes(2);       // before a visit and after it
constexpr Duration kUnknownEnd = std::chrono::minutes(30);  // of a visit

constexpr const char* kPut =
    "INSERT INTO holds (placed_us, case_number, folded, reason, login, name) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
constexpr const char* kPlacedAt = "SELECT 1 FROM holds WHERE placed_us = ?1";
constexpr const char* kFindCase = "SELECT id FROM cases WHERE folded = ?1";
constexpr const char* kFindStream = "SELECT 1 FROM streams WHERE key = ?1";
constexpr const char* kLiftedAt = "SELECT lifted_us FROM holds WHERE id = ?1";
constexpr const char* kLift =
    "UPDATE holds SET lifted_us = ?2, lifted_login = ?3, lifted_name = ?4, lifted_reason = ?5 WHERE id = ?1";
constexpr const char* kHoldsOfCase =
    "SELECT holds.id FROM cases JOIN holds ON holds.folded = cases.folded"
    " WHERE cases.id = ?1 AND holds.lifted_us IS NULL";
constexpr const char* kHeldCases =
    "SELECT DISTINCT cases.id FROM holds JOIN cases ON cases.folded = holds.folded"
    " WHERE holds.lifted_us IS NULL";
// The streams as case_answer.cpp lists them, of links that a person rejected too.
constexpr const char* kShownByCase =
    "SELECT DISTINCT streams.key, called_us - ?2, ifnull(finished_us + ?2, called_us + ?3)"
    " FROM links JOIN visits ON visits.id = links.visit"
    " JOIN window_streams AS w ON w.window = visits.window AND w.from_us <= called_us"
    "   AND (w.to_us > called_us OR w.to_us IS NULL)"
    " JOIN streams ON streams.id = w.stream WHERE links.case_id = ?1";
constexpr const char* kIsHeldBy =
    "SELECT 1 FROM held WHERE hold = ?1 AND stream = ?2 AND from_us <= ?3 AND to_us >= ?4";
constexpr const char* kPutHeld =
    "INSERT INTO held (hold, stream, from_us, to_us) VALUES (?1, ?2, ?3, ?4)"
    " ON CONFLICT DO UPDATE SET to_us = max(to_us, excluded.to_us)";
constexpr const char* kHeldSpans =
    "SELECT streams.id, held.from_us, held.to_us FROM holds JOIN held ON held.hold = holds.id"
    " JOIN streams ON streams.key = held.stream"
    " WHERE holds.lifted_us IS NULL AND held.from_us < ?1 ORDER BY streams.id, held.from_us";
constexpr const char* kHold =
    "SELECT id, case_number, reason, login, name, placed_us, lifted_us, lifted_login, lifted_name,"
    " lifted_reason FROM holds WHERE id = ?1";
constexpr const char* kHeld =
    "SELECT stream, from_us, to_us FROM held WHERE hold = ?1 ORDER BY stream, from_us";
constexpr const char* kStreamId = "SELECT id FROM streams WHERE key = ?1";
constexpr const char* kProtected =
    "SELECT count(*), ifnull(sum(bytes), 0) FROM (SELECT bytes FROM segments WHERE stream = ?1"
    " AND start_us > ?2 AND start_us < ?4 AND start_us + duration_us > ?3 LIMIT ?5)";
constexpr const char* kIds =
    "SELECT id FROM holds WHERE id < ?1 AND (?2 OR lifted_us IS NULL) ORDER BY id DESC LIMIT ?3";
constexpr const char* kOfNumber = "SELECT id FROM holds WHERE folded = ?1 AND lifted_us IS NULL";
constexpr const char* kOverStream =
    "SELECT DISTINCT holds.id FROM held JOIN holds ON holds.id = held.hold WHERE held.stream = ?1"
    " AND held.to_us > ?2 AND held.from_us < ?3 AND holds.lifted_us IS NULL";

constexpr const char* kNotePlaced =
    "INSERT INTO holds_unlogged (line) SELECT json_object('does', 'place', 'hold', id, 'placed_us', "
    "placed_us,"
    " 'case', case_number, 'reason', reason, 'login', login, 'name', name, 'held', json((SELECT"
    "   json_group_array(json_array(stream, from_us, to_us)) FROM held WHERE hold = holds.id)))"
    " FROM holds WHERE id = ?1";
constexpr const char* kSpanAsJson = "SELECT json_array(?1, ?2, ?3)";
constexpr const char* kNoteWidened =
    "INSERT INTO holds_unlogged (line) SELECT json_object('does', 'widen', 'hold', id, 'placed_us', "
    "placed_us,"
    " 'case', case_number, 'held', json(?2)) FROM holds WHERE id = ?1";
constexpr const char* kNoteLifted =
    "INSERT INTO holds_unlogged (line) SELECT json_object('does', 'lift', 'hold', id, 'placed_us', placed_us,"
    " 'lifted_us', lifted_us, 'login', lifted_login, 'name', lifted_name, 'reason', lifted_reason)"
    " FROM holds WHERE id = ?1";

int64_t first_integer(const Statement& row) {
  return row.integer(0);
}
StreamSpan span_row(const Statement& row) {
  return {row.text(0), row.time(1), row.time(2)};
}

Result<std::vector<int64_t>> ids_of(Database& database, const char* sql, const auto&... args) {
  std::vector<int64_t> ids;
  MJ_CHECK(database.each(
      sql, [&](const Statement& row) { ids.push_back(row.integer(0)); }, args...));
  return ids;
}

/// The id of the case, or none if the hold is to be of streams.
Result<std::optional<int64_t>> case_of(Database& database, const HoldOrder& order, std::string& folded) {
  MJ_CHECK(check_reason(order.reason));
  if (order.case_number.empty() == order.streams.empty())
    return fail(ErrorKind::invalid, "a hold is of a case or of streams");
  if (order.case_number.empty()) {
    if (order.from >= order.to) return fail(ErrorKind::invalid, "the interval is empty");
    for (const auto& stream : order.streams) {
      MJ_TRY(const auto found, database.first(kFindStream, first_integer, stream));
      if (!found) return fail(ErrorKind::not_found, "there is no stream \"{}\"", stream);
    }
    return std::nullopt;
  }
  MJ_TRY(folded, fold_case_number(order.case_number));
  MJ_TRY(const auto id, database.first(kFindCase, first_integer, folded));
  if (!id) return fail(ErrorKind::not_found, "there is no case \"{}\"", order.case_number);
  return id;
}

/// Adds to a hold what it does not cover yet; returns that.
Result<std::vector<StreamSpan>> add_held(Database& database, int64_t hold,
                                         const std::vector<StreamSpan>& spans) {
  std::vector<StreamSpan> added;
  for (const auto& span : spans) {
    MJ_TRY(const auto covered,
           database.first(kIsHeldBy, first_integer, hold, span.stream, span.from, span.to));
    if (covered) continue;
    MJ_CHECK(database.run(kPutHeld, hold, span.stream, span.from, span.to));
    added.push_back(span);
  }
  return added;
}

Result<std::vector<StreamSpan>> shown_by(Database& database, int64_t case_id) {
  std::vector<StreamSpan> spans;
  MJ_CHECK(database.each(
      kShownByCase, [&](const Statement& row) { spans.push_back(span_row(row)); }, case_id, kMargin,
      kUnknownEnd));
  return spans;
}

/// Counts what is there and what is gone of one interval.
Result<void> tell_state(Database& database, Hold& hold, const StreamSpan& span) {
  MJ_TRY(const auto id, database.first(kStreamId, first_integer, span.stream));
  if (!id) return {};
  if (!hold.lifted) {
    const auto left = kMostCounted - static_cast<int64_t>(hold.segments);
    const auto add = [&](const Statement& row) {
      hold.complete = hold.complete && row.integer(0) <= left;
      hold.segments += static_cast<uint64_t>(row.integer(0));
      hold.bytes += static_cast<uint64_t>(row.integer(1));
    };
    MJ_CHECK(database.each(kProtected, add, *id, span.from - kLongestSegment, span.from, span.to,
                           std::max<int64_t>(left, 0) + 1));
  }
  StreamRow stream;
  stream.id = *id;
  MJ_TRY(const auto purged, purged_between(database, stream, span.from, span.to));
  for (const auto& one : purged) {
    if (hold.gone.size() == kMostGone) {
      hold.complete = false;
      break;
    }
    hold.gone.push_back(
        {{span.stream, std::max(one.begin, span.from), std::min(one.end, span.to)}, one.rule, one.when});
  }
  return {};
}

Hold hold_row(const Statement& row) {
  Hold hold;
  hold.id = row.integer(0);
  hold.case_number = row.text(1);
  hold.reason = row.text(2);
  hold.by = {row.text(3), row.text(4)};
  hold.placed = row.time(5);
  hold.lifted = row.maybe_time(6);
  if (hold.lifted) {
    hold.lifted_by = {row.text(7), row.text(8)};
    hold.lift_reason = row.text(9);
  }
  return hold;
}

}  // namespace

Result<int64_t> put_hold(Database& database, const HoldOrder& order, WallTime placed) {
  std::string folded;
  MJ_TRY(const auto case_id, case_of(database, order, folded));
  MJ_TRY(auto taken, database.first(kPlacedAt, first_integer, placed));
  while (taken) {
    placed += Duration(1);
    MJ_TRY(taken, database.first(kPlacedAt, first_integer, placed));
  }
  MJ_CHECK(
      database.run(kPut, placed, order.case_number, folded, order.reason, order.by.login, order.by.name));
  const int64_t id = database.last_insert_id();
  std::vector<StreamSpan> spans;
  if (case_id) {
    MJ_TRY(spans, shown_by(database, *case_id));
  }
  for (const auto& stream : order.streams) spans.push_back({stream, order.from, order.to});
  MJ_CHECK(add_held(database, id, spans));
  MJ_CHECK(note_placed(database, id));
  return id;
}

Result<void> lift_hold(Database& database, int64_t id, const std::string& reason, const HoldPerson& by,
                       WallTime now) {
  MJ_CHECK(check_reason(reason));
  MJ_TRY(const auto lifted, database.first(
                                kLiftedAt, [](const Statement& row) { return row.maybe_time(0); }, id));
  if (!lifted) return fail(ErrorKind::not_found, "there is no hold {}", id);
  if (*lifted) return fail(ErrorKind::invalid, "hold {} was lifted on {}", id, format_rfc3339(**lifted));
  MJ_CHECK(database.run(kLift, id, now, by.login, by.name, reason));
  return note_lifted(database, id);
}

Result<void> widen_holds(Database& database, int64_t case_id) {
  MJ_TRY(const auto holds, ids_of(database, kHoldsOfCase, case_id));
  if (holds.empty()) return {};
  MJ_TRY(const auto shown, shown_by(database, case_id));
  for (const int64_t hold : holds) {
    MJ_TRY(const auto added, add_held(database, hold, shown));
    if (!added.empty()) MJ_CHECK(note_widened(database, hold, added));
  }
  return {};
}

Result<void> widen_all_holds(Database& database) {
  MJ_TRY(const auto cases, ids_of(database, kHeldCases));
  for (const int64_t id : cases) MJ_CHECK(widen_holds(database, id));
  return {};
}

Result<HeldSpans> held_spans(Database& database, WallTime before) {
  HeldSpans held;
  MJ_CHECK(database.each(
      kHeldSpans,
      [&](const Statement& row) {
        auto& spans = held[row.integer(0)];
        const Span span{row.time(1), row.time(2)};
        if (spans.empty() || spans.back().end < span.begin) {
          spans.push_back(span);
        } else {
          spans.back().end = std::max(spans.back().end, span.end);
        }
      },
      before));
  return held;
}

Result<Hold> hold_answer(Database& database, int64_t id) {
  MJ_TRY(auto hold, database.first(kHold, hold_row, id));
  if (!hold) return fail(ErrorKind::not_found, "there is no hold {}", id);
  const auto join = [&](const Statement& row) {
    StreamSpan span = span_row(row);
    if (!hold->held.empty() && hold->held.back().stream == span.stream && hold->held.back().to >= span.from) {
      hold->held.back().to = std::max(hold->held.back().to, span.to);
    } else {
      hold->held.push_back(std::move(span));
    }
  };
  MJ_CHECK(database.each(kHeld, join, id));
  for (const auto& span : hold->held) MJ_CHECK(tell_state(database, *hold, span));
  return std::move(*hold);
}

Result<Holds::Page> list_holds(Database& database, const Holds::Filter& filter) {
  const int limit = std::clamp(filter.limit, 1, Holds::kMost);
  MJ_TRY(auto ids, ids_of(database, kIds, filter.after.value_or(INT64_MAX), filter.lifted, limit + 1));
  Holds::Page page;
  if (ids.size() > static_cast<size_t>(limit)) {
    ids.pop_back();
    page.next = ids.back();
  }
  for (const int64_t id : ids) {
    MJ_TRY(page.holds.emplace_back(), hold_answer(database, id));
  }
  return page;
}

Result<std::vector<int64_t>> holds_over(Database& database, const CaseAnswer& answer) {
  MJ_TRY(const auto folded, fold_case_number(answer.number));
  std::set<int64_t> holds;
  const auto add = [&](const Statement& row) { holds.insert(row.integer(0)); };
  MJ_CHECK(database.each(kOfNumber, add, folded));
  for (const auto& visit : answer.visits) {
    for (const auto& stream : visit.streams) {
      if (stream.key.empty()) continue;
      MJ_CHECK(database.each(kOverStream, add, stream.key, visit.called,
                             visit.finished.value_or(visit.called + kUnknownEnd)));
    }
  }
  return std::vector(holds.begin(), holds.end());
}

Result<void> note_placed(Database& database, int64_t id) {
  return database.run(kNotePlaced, id);
}

Result<void> note_widened(Database& database, int64_t id, const std::vector<StreamSpan>& spans) {
  std::vector<std::string> parts;
  for (const auto& span : spans) {
    MJ_CHECK(database.each(
        kSpanAsJson, [&](const Statement& row) { parts.push_back(row.text(0)); }, span.stream, span.from,
        span.to));
  }
  return database.run(kNoteWidened, id, fmt::format("[{}]", fmt::join(parts, ",")));
}

Result<void> note_lifted(Database& database, int64_t id) {
  return database.run(kNoteLifted, id);
}

}  // namespace mj::index
