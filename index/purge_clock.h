#pragma once

#include <optional>

#include "index/sqlite.h"

namespace mj::index {

/// How late it is at least, as far as the purge may believe the host's clock; ages are counted by it. The
/// rule, against a clock that jumps years ahead and would have the whole hall deleted: this clock never runs
/// ahead of the host's, and what it is behind it makes up at one hour per hour that really passes, by the
/// monotonic clock. After a jump, and after a stop, deletion is late by as much as the jump at most, and no
/// footage is deleted earlier than half its age would have it. It never goes back: a host clock that fell
/// back (no battery) and was set right again finds it where it was. It begins at the end of the newest
/// footage; in a hall without any, with the host's clock after an hour. A person can have it believe the
/// host. Pure; owner and thread: Purger. Cannot fail.
class PurgeClock {
 public:
  /// `kept`: where it stood. `newest_footage`: the end of what was recorded before this process.
  void resume(std::optional<WallTime> kept, std::optional<WallTime> newest_footage);
  void tick(WallTime host, SteadyTime steady);
  /// A person says that the host's clock is right.
  void believe_host() { believed_ = host_; }

  /// None: not known yet, nothing may be deleted.
  [[nodiscard]] std::optional<WallTime> now() const;
  [[nodiscard]] std::optional<WallTime> believed() const { return believed_; }
  /// How much of the host's clock is not believed yet.
  [[nodiscard]] Duration behind() const;
  /// The host's clock has fallen back: what is recorded now is dated too early.
  [[nodiscard]] bool host_fell_back() const;

  static constexpr Duration kSettle = std::chrono::hours(1);
  static constexpr Duration kFallen = std::chrono::hours(1);

 private:
  std::optional<WallTime> believed_;
  WallTime host_;
  std::optional<SteadyTime> first_, last_;
};

[[nodiscard]] Result<std::optional<WallTime>> kept_purge_clock(Database& database);
[[nodiscard]] Result<void> keep_purge_clock(Database& database, WallTime believed);
/// Footage dated about `host` is really of `recorded` or later: its age counts from there.
[[nodiscard]] Result<void> note_misdated(Database& database, WallTime host, WallTime recorded);

}  // namespace mj::index
