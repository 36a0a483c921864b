#include "index/presence.h"

#include <algorithm>

#include "index/titles.h"

namespace mj::index {

namespace {

using State = PresencePart::State;

constexpr const char* kNeighbours =
    "SELECT * FROM (SELECT at_us, idle_ms, locked FROM shots WHERE stream = ?1 AND at_us < ?2"
    "  ORDER BY at_us DESC LIMIT 1)"
    " UNION ALL SELECT * FROM (SELECT at_us, idle_ms, locked FROM shots WHERE stream = ?1 AND at_us > ?2"
    "  ORDER BY at_us LIMIT 1)";
// With the one before and the one after.
constexpr const char* kShotsAround =
    "SELECT at_us, idle_ms, locked FROM shots WHERE stream = ?1"
    " AND at_us >= ifnull((SELECT max(at_us) FROM shots WHERE stream = ?1 AND at_us < ?2), ?2)"
    " AND at_us <= ifnull((SELECT min(at_us) FROM shots WHERE stream = ?1 AND at_us > ?3), ?3)"
    " ORDER BY at_us";
// Rows do not overlap: what reaches into an interval is the last that begins before it.
constexpr const char* kRowsAround =
    "SELECT from_us, to_us, state FROM presence WHERE stream = ?1 AND from_us <= ?3 AND from_us >="
    " ifnull((SELECT max(from_us) FROM presence WHERE stream = ?1 AND from_us < ?2), ?2) ORDER BY from_us";
constexpr const char* kDrop = "DELETE FROM presence WHERE stream = ?1 AND from_us = ?2";
constexpr const char* kPut =
    "INSERT OR REPLACE INTO presence (stream, from_us, to_us, state) VALUES (?1, ?2, ?3, ?4)";
constexpr const char* kLastShot = "SELECT max(at_us) FROM shots WHERE stream = ?1";

constexpr int64_t kLongestIdleMs = 366LL * 24 * 3600 * 1000;  // what an agent says may be anything

struct Shot {
  WallTime at;
  Duration idle{0};
  State state = State::input;
  /// The last input that it knows of.
  [[nodiscard]] WallTime touched() const { return at - idle; }
};

Shot shot_of(WallTime at, int64_t idle_ms, bool locked) {
  const Duration idle = std::chrono::milliseconds(std::clamp<int64_t>(idle_ms, 0, kLongestIdleMs));
  return {at, idle, locked ? State::locked : idle > kInputLasts ? State::idle : State::input};
}

Shot shot_row(const Statement& row) {
  return shot_of(row.time(0), row.integer(1), row.integer(2) != 0);
}

struct Row {
  WallTime from;
  std::optional<WallTime> to;
  State state = State::input;
  friend bool operator==(const Row&, const Row&) = default;
};

State state_from(const std::string& word) {
  return word == name(State::input) ? State::input : word == name(State::idle) ? State::idle : State::locked;
}

Row presence_row(const Statement& row) {
  return {row.time(0), row.maybe_time(1), state_from(row.text(2))};
}

bool silent_between(WallTime shot, WallTime next) {
  return next - shot > kScreenSilence;
}

bool same_stretch(const Shot& shot, const Shot& next) {
  return shot.state == next.state && !silent_between(shot.at, next.at);
}

/// When what `shot` showed became what `next` shows: at the last input, when the counter of that tells.
WallTime changed(const Shot& shot, const Shot& next) {
  if (next.state == State::locked) return next.at;
  const bool left = next.state == State::idle && shot.state == State::input;
  return std::max(next.touched(), left ? shot.touched() : shot.at);
}

/// The rows of all these shots, by time. The last one goes on (no `to`).
std::vector<Row> rows_of(const std::vector<Shot>& shots) {
  std::vector<Row> rows;
  for (size_t i = 0; i < shots.size(); ++i) {
    const Shot& shot = shots[i];
    if (i == 0 || silent_between(shots[i - 1].at, shot.at)) {
      if (i > 0) rows.back().to = shots[i - 1].at;
      rows.push_back({shot.at, {}, shot.state});
    } else if (shots[i - 1].state != shot.state) {
      const WallTime from = std::max(changed(shots[i - 1], shot), rows.back().from);
      // One touch within an idle hour: no row of its own, but where one row ends and the next begins.
      if (from == rows.back().from) rows.pop_back();
      if (!rows.empty() && !rows.back().to) rows.back().to = from;
      rows.push_back({from, {}, shot.state});
    }
  }
  return rows;
}

/// Rows made to be what the shots around one of them say. Thread and owner: one note_presence().
/// A shot changes what is said of itself and its neighbours, up to kScreenSilence away; where idle time is
/// dated back, by kInputLasts at most, also of what begins that little later. So rows that begin in
/// [first_, last_] may change, and shots that far again outside it decide what they are.
class Stretch {
 public:
  Stretch(Database& database, int64_t stream, WallTime at, VisitUpdate& visits)
      : database_(database),
        stream_(stream),
        at_(at),
        visits_(visits),
        first_(at - kScreenSilence - kInputLasts),
        last_(at + 2 * kScreenSilence + kInputLasts) {}

  Result<void> settle() {
    MJ_CHECK(database_.each(
        kRowsAround, [&](const Statement& row) { stored_.push_back(presence_row(row)); }, stream_, first_,
        last_));
    MJ_TRY(auto rows, wanted());
    for (const Row& row : stored_) {
      const auto same = [&](const Row& other) { return other.from == row.from; };
      if (row.from >= first_ && std::ranges::none_of(rows, same)) MJ_CHECK(drop(row));
    }
    for (const Row& row : rows) {
      if (std::ranges::find(stored_, row) == stored_.end()) MJ_CHECK(put(row));
    }
    return changed_ ? visits_.note_presence(database_, stream_, changed_->begin, changed_->end)
                    : Result<void>{};
  }

 private:
  Result<void> drop(const Row& row) {
    note(row);
    return database_.run(kDrop, stream_, row.from);
  }
  Result<void> put(const Row& row) {
    note(row);
    return database_.run(kPut, stream_, row.from, row.to, name(row.state));
  }
  void note(const Row& row) {
    const Span span{row.from, std::max(row.to.value_or(at_), at_)};
    changed_ =
        changed_ ? Span{std::min(changed_->begin, span.begin), std::max(changed_->end, span.end)} : span;
  }

  /// The rows that begin in [first_, last_], and with its new end the one before.
  Result<std::vector<Row>> wanted() {
    constexpr Duration kAround = 3 * kScreenSilence + 3 * kInputLasts;
    std::vector<Shot> shots;
    MJ_CHECK(database_.each(
        kShotsAround, [&](const Statement& row) { shots.push_back(shot_row(row)); }, stream_, at_ - kAround,
        at_ + kAround));
    auto rows = rows_of(shots);
    const bool more = !shots.empty() && shots.back().at > at_ + kAround;
    if (more && rows.back().from <= last_)
      rows.back().to = stored_.empty() ? std::nullopt : stored_.back().to;
    std::erase_if(rows, [&](const Row& row) { return row.from > last_; });
    const auto inside = std::ranges::find_if(rows, [&](const Row& row) { return row.from >= first_; });
    if (inside == rows.begin()) return rows;
    // Where the one before begins these shots may not tell, but the row does.
    const auto end = std::prev(inside)->to;
    rows.erase(rows.begin(), inside);
    if (!stored_.empty() && stored_.front().from < first_)
      rows.insert(rows.begin(), {stored_.front().from, end, stored_.front().state});
    return rows;
  }

  Database& database_;
  int64_t stream_;
  WallTime at_;
  VisitUpdate& visits_;
  WallTime first_, last_;
  std::optional<Span> changed_;
  std::vector<Row> stored_;
};

/// [from, to) of each part that lies outside every lock, and the locks.
std::vector<PresencePart> with_locks(std::vector<PresencePart> parts, const std::vector<Gap>& gaps,
                                     WallTime from, WallTime to) {
  for (const Gap& gap : gaps) {
    if (gap.cause != GapCause::screen_locked) continue;
    const WallTime begin = std::max(gap.begin, from), end = std::min(gap.end.value_or(to), to);
    if (begin >= end) continue;
    std::vector<PresencePart> cut;
    for (const auto& part : parts) {
      if (part.begin < begin) cut.push_back({part.begin, std::min(part.end, begin), part.state});
      if (part.end > end) cut.push_back({std::max(part.begin, end), part.end, part.state});
    }
    cut.push_back({begin, end, State::locked});
    parts = std::move(cut);
  }
  std::ranges::sort(parts, {}, &PresencePart::begin);
  return parts;
}

}  // namespace

const char* name(PresencePart::State state) {
  switch (state) {
    case State::input:
      return "input";
    case State::idle:
      return "idle";
    case State::locked:
      return "locked";
  }
  return "input";
}

Result<void> note_presence(Database& database, int64_t stream, WallTime at, int64_t idle_ms, bool locked,
                           VisitUpdate& visits) {
  const Shot shot = shot_of(at, idle_ms, locked);
  std::optional<Shot> before, after;
  MJ_CHECK(database.each(
      kNeighbours,
      [&](const Statement& row) {
        const Shot other = shot_row(row);
        (other.at < at ? before : after) = other;
      },
      stream, at));
  const bool goes_on = before && same_stretch(*before, shot);
  if (goes_on && (!after || same_stretch(*before, *after))) return {};
  return Stretch(database, stream, at, visits).settle();
}

Result<void> cut_presence(Database& database, int64_t stream, WallTime from, WallTime to) {
  std::vector<Row> rows;
  MJ_CHECK(database.each(
      kRowsAround, [&](const Statement& row) { rows.push_back(presence_row(row)); }, stream, from,
      to - Duration(1)));
  if (rows.empty()) return {};
  MJ_TRY(const auto last, database.first(
                              kLastShot, [](const Statement& row) { return row.maybe_time(0); }, stream));
  const WallTime open_end = last.value_or(std::nullopt).value_or(from);
  for (const Row& row : rows) {
    const WallTime end = row.to.value_or(std::max(open_end, row.from));
    if (row.from < from && end <= from) continue;
    if (row.from >= from) MJ_CHECK(database.run(kDrop, stream, row.from));
    if (row.from < from) MJ_CHECK(database.run(kPut, stream, row.from, from, name(row.state)));
    if (end > to || (!row.to && open_end >= to))
      MJ_CHECK(database.run(kPut, stream, to, row.to, name(row.state)));
  }
  return {};
}

Result<std::vector<PresencePart>> presence_between(Database& database, int64_t stream, WallTime from,
                                                   WallTime to, const std::vector<Gap>& gaps) {
  std::vector<Row> rows;
  MJ_CHECK(database.each(
      kRowsAround, [&](const Statement& row) { rows.push_back(presence_row(row)); }, stream, from,
      to - Duration(1)));
  if (!rows.empty() && !rows.back().to) {
    MJ_TRY(const auto last, database.first(
                                kLastShot, [](const Statement& row) { return row.maybe_time(0); }, stream));
    rows.back().to = last.value_or(std::nullopt).value_or(rows.back().from);
  }
  std::vector<PresencePart> parts;
  for (const Row& row : rows) {
    const PresencePart part{std::max(row.from, from), std::min(row.to.value_or(row.from), to), row.state};
    if (part.begin < part.end) parts.push_back(part);
  }
  return with_locks(std::move(parts), gaps, from, to);
}

}  // namespace mj::index
