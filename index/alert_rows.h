#pragma once

#include "index/alerts.h"
#include "index/link_rows.h"

/// The rows of alerts: what the rules propose and what persons decided. Functions of the writer's connection.
namespace mj::index {

/// Makes the alerts of what was touched be what the rules say of it now. An alert that a person has decided
/// about stays as it is; another whose reason is gone is withdrawn, and comes back with it.
[[nodiscard]] Result<void> settle_alerts(Database& database, const Touched& touched, WallTime now);

/// Stores a person's word and makes the alert so. Errors: see Alerts::decide().
[[nodiscard]] Result<void> take_alert_decision(Database& database, const AlertDecision& decision,
                                               WallTime now);

}  // namespace mj::index
