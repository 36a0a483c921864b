#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "index/case_model.h"

/// Alerts (预警): what a rule proposes to look at, and what persons decided about it. Part of index/index.h.
namespace mj::index {

class Index;

enum class AlertLevel { blue, yellow, red };  ///< 蓝, 黄, 红: each graver than the one before
[[nodiscard]] const char* name(AlertLevel level);
[[nodiscard]] std::optional<AlertLevel> alert_level_from(std::string_view name);

enum class AlertState {
  proposed,   ///< nobody has decided yet
  confirmed,  ///< by a person
  dismissed,  ///< by a person
  withdrawn,  ///< before anybody decided, the facts came to be others
};
[[nodiscard]] const char* name(AlertState state);
[[nodiscard]] std::optional<AlertState> alert_state_from(std::string_view name);

struct Alert {
  int64_t id = 0;
  std::string rule;  ///< of alert_rules.cpp
  AlertLevel level = AlertLevel::blue;
  int64_t visit = 0;
  std::optional<Named> window, clerk;
  std::string ticket;       ///< empty: no queue system told of the visit
  std::string case_number;  ///< of the visit's strongest link; empty: it has none
  WallTime from;            ///< what to look at
  std::optional<WallTime> to;
  WallTime raised;
  AlertState state = AlertState::proposed;
  std::string login, name, reason;  ///< of the newest decision; empty: nobody has decided
  std::optional<WallTime> decided;
};

/// What a person says of an alert.
struct AlertDecision {
  enum class Action { confirm, dismiss };
  int64_t alert = 0;
  Action action = Action::confirm;
  std::string login, name;  ///< of the person
  std::string reason;
};
[[nodiscard]] const char* name(AlertDecision::Action action);
[[nodiscard]] std::optional<AlertDecision::Action> alert_action_from(std::string_view name);

/// The alerts of a hall. Owner: whoever asks, for as long as it takes; the Index must outlive it. Threads:
/// any; calls may block on disk. Does not: propose (alert_rules.cpp, when visits are derived), or decide who
/// may ask. Failure: a decision that returned success is durable, and is never changed or removed.
class Alerts {
 public:
  explicit Alerts(Index& index) : index_(index) {}

  /// A place in the list; what the previous page's last line was.
  struct Cursor {
    WallTime from;
    int64_t id = 0;
  };
  struct Filter {
    std::optional<AlertState> state;
    std::optional<AlertLevel> level;
    std::string rule, window;          ///< empty: any
    std::optional<WallTime> from, to;  ///< beginning in [from, to)
    std::optional<Cursor> after;
    int limit = 100;
  };
  struct Page {
    std::vector<Alert> alerts;   ///< what happened last first
    std::optional<Cursor> next;  ///< none: that was all
  };
  [[nodiscard]] Result<Page> list(const Filter& filter) const;
  /// Errors: not_found.
  [[nodiscard]] Result<Alert> one(int64_t id) const;
  /// A person's word; may come again, the newest counts. Errors: not_found, invalid (no reason).
  [[nodiscard]] Result<void> decide(const AlertDecision& decision);

  /// How many are proposed, by level; of all together the newest kMostCounted.
  [[nodiscard]] Result<std::array<uint64_t, 3>> open() const;
  static constexpr int kMostCounted = 10'000;

 private:
  Index& index_;
};

}  // namespace mj::index
