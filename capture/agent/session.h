#pragma once

#include <memory>
#include <string>

#include "config/config.h"

namespace mj::agent {

/// What the session's own programs say of it.
struct SessionState {
  bool locked = false;
  bool elsewhere = false;  ///< another session is on the monitor
  std::string said_by;     ///< who says so: a sentence; empty when neither is true
};

/// Asks the desktop's session over D-Bus whether it is locked or not on the monitor: logind (LockedHint,
/// Active), UOS (SessionManager's Locked), Kylin's UKUI (GetLockState), GNOME, KDE and MATE (GetActive).
///
/// Owner: Screen. Thread: one. Only services that run are asked (who runs is looked up once a minute), each
/// for at most a second; none is started. Does not fail: a bus that is not there, or a service that does not
/// answer, says nothing, and without any that does the session counts as open and on the monitor.
class Session {
 public:
  /// Addresses of the buses; empty: there is none. Connects to nothing yet.
  Session(std::string session_bus, std::string system_bus);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[nodiscard]] SessionState ask(SteadyTime now);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mj::agent
