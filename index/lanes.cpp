#include "index/lanes.h"

#include <algorithm>
#include <set>

#include "index/footage.h"
#include "index/impl.h"
#include "index/links.h"
#include "index/presence.h"

namespace mj::index {

namespace {

// The span that reaches into the interval is the last that begins before it: they do not overlap.
constexpr const char* kSpansBetween =
    "SELECT begin_us, end_us FROM spans WHERE stream = ?1 AND begin_us < ?3 AND begin_us >="
    " ifnull((SELECT max(begin_us) FROM spans WHERE stream = ?1 AND begin_us <= ?2), ?2) AND end_us > ?2"
    " ORDER BY begin_us";
constexpr const char* kShotsByColumn =
    "SELECT (at_us - ?2) / ?4 AS place, count(*) FROM shots WHERE stream = ?1 AND at_us >= ?2 AND at_us < ?3 "
    "GROUP BY place";
constexpr const char* kWindowsShown =
    "SELECT DISTINCT window FROM window_streams WHERE stream = ?1 AND role <> 'area' AND from_us < ?3"
    " AND (to_us IS NULL OR to_us > ?2)";
// What is not over yet lasts until now (?5), but no longer than ?6.
constexpr const char* kVisitsAt =
    "SELECT called_us, ifnull(finished_us, max(called_us, min(?5, called_us + ?6))) AS until_us FROM visits"
    " WHERE window = ?1 AND called_us >= ?4 AND called_us < ?3 AND until_us >= ?2 ORDER BY called_us";
constexpr const char* kAlertsAt =
    "SELECT from_us, ifnull(to_us, max(from_us, min(?5, from_us + ?6))) AS until_us, level FROM alerts"
    " WHERE window = ?1 AND from_us >= ?4 AND from_us < ?3 AND until_us >= ?2"
    " AND state IN ('proposed', 'confirmed') ORDER BY from_us";

// Of all screens together; 200,000 rows of shots, and of presence where input comes and goes all day.
constexpr Duration kMostShotTime = std::chrono::hours(10 * 24);
constexpr Duration kMostPresenceTime = std::chrono::hours(200 * 24);

/// A row in `gaps` lies in a hole between fragments, whatever the span around it says.
std::vector<Span> without(const std::vector<Span>& footage, const std::vector<Gap>& gaps) {
  std::vector<Span> parts;
  auto gap = gaps.begin();
  for (Span span : footage) {
    while (gap != gaps.end() && gap->end && *gap->end <= span.begin) ++gap;
    for (auto inside = gap; inside != gaps.end() && inside->begin < span.end; ++inside) {
      if (span.begin < inside->begin) parts.push_back({span.begin, inside->begin});
      span.begin = std::clamp(inside->end.value_or(WallTime::max()), span.begin, span.end);
    }
    if (span.begin < span.end) parts.push_back(span);
  }
  return parts;
}

std::vector<LanePart> parts_of(const Coverage& coverage) {
  std::vector<LanePart> parts;
  for (const Span& span : coverage.footage)
    parts.push_back({span.begin, span.end, LanePart::State::footage, {}});
  for (const Purged& purged : coverage.purged)
    parts.push_back({purged.begin, purged.end, LanePart::State::purged, {}});
  for (const Gap& gap : coverage.gaps) {
    const bool before = gap.cause == GapCause::not_yet_configured;
    parts.push_back({gap.begin, gap.end.value_or(coverage.until),
                     before ? LanePart::State::not_configured : LanePart::State::gap, gap.cause});
  }
  std::ranges::sort(parts, {}, &LanePart::begin);
  return parts;
}

/// Gaps without an end end where the ledger does.
std::vector<Gap> ended(const Coverage& coverage) {
  auto gaps = coverage.gaps;
  for (Gap& gap : gaps) gap.end = gap.end.value_or(coverage.until);
  return gaps;
}

void append(std::vector<LanePart>& parts, LanePart part) {
  if (!parts.empty() && parts.back().state == part.state && parts.back().cause == part.cause &&
      parts.back().end == part.begin) {
    parts.back().end = part.end;
  } else {
    parts.push_back(std::move(part));
  }
}

/// The higher is told when a column has several.
int weight(LanePart::State state) {
  switch (state) {
    case LanePart::State::gap:
      return 3;
    case LanePart::State::purged:
      return 2;
    case LanePart::State::footage:
      return 1;
    case LanePart::State::not_configured:
      return 0;
  }
  return 0;
}

/// At most `columns` parts; exact when there are no more than that anyway.
std::vector<LanePart> drawn(const std::vector<LanePart>& parts, const LaneQuery& query, Duration column) {
  if (parts.size() <= static_cast<size_t>(query.columns)) return parts;
  std::vector<LanePart> result;
  const WallTime until = parts.back().end;
  auto part = parts.begin();
  for (WallTime begin = query.from; begin < until; begin += column) {
    const WallTime end = std::min(begin + column, until);
    while (part->end <= begin) ++part;
    LanePart worst = *part;
    for (auto other = part; other != parts.end() && other->begin < end; ++other) {
      if (weight(other->state) > weight(worst.state)) worst = *other;
    }
    append(result, {begin, end, worst.state, worst.cause});
  }
  return result;
}

/// At most one part for each column; exact when there are no more than that anyway.
std::vector<PresencePart> drawn(const std::vector<PresencePart>& parts, const LaneQuery& query,
                                Duration column) {
  if (parts.size() <= static_cast<size_t>(query.columns)) return parts;
  std::vector<PresencePart> result;
  auto part = parts.begin();
  for (WallTime begin = query.from; begin < query.to; begin += column) {
    const WallTime end = std::min(begin + column, query.to);
    while (part != parts.end() && part->end <= begin) ++part;
    if (part == parts.end()) break;
    if (part->begin >= end) continue;
    PresencePart told{std::max(part->begin, begin), {}, part->state};
    for (auto other = part; other != parts.end() && other->begin < end; ++other) {
      told.end = std::min(other->end, end);
      told.state = std::min(told.state, other->state);
    }
    const bool goes_on =
        !result.empty() && result.back().state == told.state && result.back().end == told.begin;
    if (goes_on) {
      result.back().end = told.end;
    } else {
      result.push_back(told);
    }
  }
  return result;
}

void join(ServedPart& part, const ServedPart& next) {
  part.end = std::max(part.end, next.end);
  part.count += next.count;
}

void join(AlertPart& part, const AlertPart& next) {
  part.end = std::max(part.end, next.end);
  part.count += next.count;
  part.level = std::max(part.level, next.level);
}

/// What is closer together than a column becomes one.
template <class Part>
std::vector<Part> drawn(const std::vector<Part>& parts, const LaneQuery& query, Duration column) {
  if (parts.size() <= static_cast<size_t>(query.columns)) return parts;
  std::vector<Part> result;
  for (const Part& part : parts) {
    const bool near = !result.empty() && part.begin - result.back().begin < column;
    near ? join(result.back(), part) : result.push_back(part);
  }
  return result;
}

/// One answer in the making. Thread and owner: one call.
class LaneReader {
 public:
  LaneReader(const Clock& clock, const LaneQuery& query, Database& database)
      : clock_(clock), query_(query), database_(database) {
    column_ = std::max((query.to - query.from + Duration(query.columns - 1)) / query.columns, Duration(1));
  }

  struct Tell {
    bool shots = false, presence = false;  ///< of screens
  };

  Result<Lane> lane(const StreamRow& stream, const TailView& view, Tell tell) {
    Lane lane{stream.key, stream.kind, {}, {}, {}};
    MJ_TRY(const Coverage coverage, covered(stream, view));
    lane.coverage = drawn(parts_of(coverage), query_, column_);
    if (tell.shots && stream.kind == StreamKind::screen) {
      lane.shots.assign(static_cast<size_t>(query_.columns), 0);
      MJ_CHECK(database_.each(
          kShotsByColumn,
          [&](const Statement& row) {
            lane.shots[static_cast<size_t>(row.integer(0))] = static_cast<uint32_t>(row.integer(1));
          },
          stream.id, query_.from, query_.to, column_));
    }
    if (tell.presence && stream.kind == StreamKind::screen) {
      // What is locked without an end is so up to where the ledger reaches.
      MJ_TRY(const auto presence,
             presence_between(database_, stream.id, query_.from, query_.to, ended(coverage)));
      lane.presence = drawn(presence, query_, column_);
    }
    MJ_CHECK(database_.each(
        kWindowsShown, [&](const Statement& row) { windows_.insert(row.text(0)); }, stream.id, query_.from,
        query_.to));
    return lane;
  }

  Result<std::map<std::string, std::vector<ServedPart>>> visits() {
    return at_windows<ServedPart>(kVisitsAt, [](const Statement& row) {
      return ServedPart{row.time(0), row.time(1), 1};
    });
  }

  Result<std::map<std::string, std::vector<AlertPart>>> alerts() {
    return at_windows<AlertPart>(kAlertsAt, [](const Statement& row) {
      const auto level = alert_level_from(row.text(2)).value_or(AlertLevel::blue);
      return AlertPart{row.time(0), row.time(1), level, 1};
    });
  }

 private:
  template <class Part, class Read>
  Result<std::map<std::string, std::vector<Part>>> at_windows(const char* sql, Read read) {
    std::map<std::string, std::vector<Part>> all;
    for (const std::string& window : windows_) {
      std::vector<Part> parts;
      MJ_CHECK(database_.each(
          sql, [&](const Statement& row) { parts.push_back(read(row)); }, window, query_.from, query_.to,
          query_.from - kLongestVisit, clock_.now(), kLongestVisit));
      all[window] = drawn(parts, query_, column_);
    }
    return all;
  }

  /// As Index::coverage, but from spans.
  Result<Coverage> covered(const StreamRow& stream, const TailView& view) {
    CoverageFacts facts;
    facts.from = query_.from;
    facts.to = query_.to;
    facts.kind = stream.kind;
    facts.configured = stream.configured;
    facts.removed = stream.removed;
    const WallTime from = query_.from - kCoverageMargin, to = query_.to + kCoverageMargin;
    MJ_TRY(facts.gaps, gaps_between(database_, stream, from, to));
    MJ_TRY(facts.purged, purged_between(database_, stream, from, to));
    facts.gaps = with_pending(std::move(facts.gaps), view);
    std::ranges::sort(facts.gaps, {}, &Gap::begin);
    std::vector<Span> spans;
    MJ_CHECK(database_.each(
        kSpansBetween,
        [&](const Statement& row) {
          spans.push_back({row.time(0), row.time(1)});
        },
        stream.id, from, to));
    facts.footage = without(spans, facts.gaps);
    facts.now = clock_.now();
    add_live(facts, view);
    return build_coverage(std::move(facts));
  }

  const Clock& clock_;
  const LaneQuery& query_;
  Database& database_;
  Duration column_{1};
  std::set<std::string> windows_;
};

Result<void> check(const LaneQuery& query) {
  if (query.from >= query.to) return fail(ErrorKind::invalid, "from must be before to");
  if (query.columns >= 1 && query.columns <= Timeline::kMostColumns) return {};
  return fail(ErrorKind::invalid, "px must be a number from 1 to {}", Timeline::kMostColumns);
}

}  // namespace

const char* name(LanePart::State state) {
  switch (state) {
    case LanePart::State::footage:
      return "footage";
    case LanePart::State::purged:
      return "purged";
    case LanePart::State::gap:
      return "gap";
    case LanePart::State::not_configured:
      return "not_configured";
  }
  return "gap";
}

Result<Lanes> Timeline::lanes(LaneQuery query) const {
  MJ_CHECK(check(query));
  auto& impl = *index_.impl_;
  if (query.streams.empty()) {
    MJ_TRY(const auto lease, impl.readers->lease());
    MJ_TRY(const auto rows, all_streams(*lease));
    for (const auto& row : rows) query.streams.push_back(row.key);
  }
  std::map<StreamKey, TailView> live;  // before the rows: see Tail
  for (const StreamKey& key : query.streams)
    live[key] = impl.tail.view(key, query.from - kCoverageMargin, query.to + kCoverageMargin);
  MJ_TRY(const auto lease, impl.readers->lease());
  const auto screens = std::ranges::count_if(
      query.streams, [](const StreamKey& key) { return kind_of_key(key) == StreamKind::screen; });
  const Duration screen_time = (query.to - query.from) * screens;
  const LaneReader::Tell tell{screen_time <= kMostShotTime, screen_time <= kMostPresenceTime};
  Lanes answer{query.from, query.to, {}, {}, {}};
  LaneReader reader(impl.clock, query, *lease);
  for (const StreamKey& key : query.streams) {
    const TailView& view = live[key];
    MJ_TRY(const auto row, Index::Impl::stream_row(*lease, key, view.known));
    MJ_TRY(auto lane, reader.lane(*row, view, tell));
    answer.lanes.push_back(std::move(lane));
  }
  MJ_TRY(answer.visits, reader.visits());
  MJ_TRY(answer.alerts, reader.alerts());
  return answer;
}

}  // namespace mj::index
