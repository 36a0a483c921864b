#include "index/feed_clock.h"

#include <algorithm>

namespace mj::index {

namespace {

constexpr Duration kHour = std::chrono::hours(1);
// Told this long after it happened, it was not told at once: a file, a batch of the night, a feed that was
// away.
constexpr Duration kOldNews = std::chrono::minutes(10);

constexpr const char* kKeep =
    "INSERT INTO feed_clocks (source, hour_us, ahead_us, events) VALUES (?1, ?2, ?3, ?4)"
    " ON CONFLICT DO UPDATE SET ahead_us = max(ahead_us, excluded.ahead_us), events = events + "
    "excluded.events";

}  // namespace

void FeedClock::note(const Event& event, WallTime arrived) {
  if (event.type == Event::Type::roster || event.type == Event::Type::withdrawn) return;
  const Duration ahead = event.at + event.clock_offset - arrived;
  if (ahead < -kOldNews) return;
  ahead_ = std::max(ahead_.value_or(ahead), ahead);
  ++events_;
}

Result<void> FeedClock::keep(Database& database, const std::string& source, WallTime arrived) const {
  if (!ahead_) return {};
  const int64_t hour = to_us(arrived) / kHour.count() * kHour.count();
  return database.run(kKeep, source, hour, *ahead_, events_);
}

}  // namespace mj::index
