#include "index/purge_clock.h"

namespace mj::index {

namespace {

constexpr int kPace = 2;
/// What a turn notices is true of the footage a little before and after it too.
constexpr Duration kMisdatedMargin = std::chrono::hours(1);

constexpr const char* kKept = "SELECT believed_us FROM purge_clock";
constexpr const char* kKeep = "INSERT OR REPLACE INTO purge_clock (id, believed_us) VALUES (1, ?1)";
constexpr const char* kExtendMisdated =
    "UPDATE misdated SET to_us = max(to_us, ?2) WHERE from_us <= ?1 AND to_us >= ?1";
constexpr const char* kInsertMisdated =
    "INSERT INTO misdated (from_us, to_us, recorded_us) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";

}  // namespace

void PurgeClock::resume(std::optional<WallTime> kept, std::optional<WallTime> newest_footage) {
  believed_ = kept ? kept : newest_footage;
}

void PurgeClock::tick(WallTime host, SteadyTime steady) {
  if (!first_) first_ = last_ = steady;
  const auto passed = std::chrono::duration_cast<Duration>(steady - *last_);
  last_ = steady;
  host_ = host;
  if (!believed_ && steady - *first_ >= kSettle) believed_ = host;
  if (believed_ && *believed_ < host) believed_ = std::min(host, *believed_ + kPace * passed);
}

std::optional<WallTime> PurgeClock::now() const {
  if (!believed_) return std::nullopt;
  return std::min(*believed_, host_);
}

Duration PurgeClock::behind() const {
  if (!believed_) return Duration(0);
  return std::max(Duration(0), host_ - *believed_);
}

bool PurgeClock::host_fell_back() const {
  return believed_ && host_ < *believed_ - kFallen;
}

Result<std::optional<WallTime>> kept_purge_clock(Database& database) {
  return database.first(kKept, [](const Statement& row) { return row.time(0); });
}

Result<void> keep_purge_clock(Database& database, WallTime believed) {
  return database.run(kKeep, believed);
}

Result<void> note_misdated(Database& database, WallTime host, WallTime recorded) {
  MJ_CHECK(database.run(kExtendMisdated, host, host + kMisdatedMargin));
  if (database.changes() > 0) return {};
  return database.run(kInsertMisdated, host - kMisdatedMargin, host + kMisdatedMargin, recorded);
}

}  // namespace mj::index
