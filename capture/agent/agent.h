#pragma once

#include <stop_token>
#include <string>

#include "capture/agent/notice.h"
#include "capture/agent/pause.h"
#include "capture/agent/screen.h"
#include "capture/agent/status_file.h"

namespace mj::agent {

struct AgentSettings {
  ScreenSettings screen;
  std::filesystem::path state_directory;  ///< pauses are read from it, the status is written to it
  std::string server, workstation;        ///< for the status
};

/// Records one desktop: what there is to be seen goes into the spool with the server's time, and so does why
/// there is nothing to be seen. Whether a server is there makes no difference to it.
///
/// Owner: main(), or a test; clock, timekeeper, spool and uplink must outlive it. Thread: the one that calls
/// run(). Looks at the foreground window four times a second, at the screen only when a look is due;
/// lengthens the cadence when the spool is tight (thinning.h). Does not: decide what changed (Screen), send
/// (Uplink). No trouble ends it: what could not be kept is made up for by a state that says since when and
/// why, as soon as that can be kept.
class Agent {
 public:
  /// What there is to work with; borrowed.
  struct Parts {
    const Clock& clock;
    Timekeeper& timekeeper;
    Spool& spool;
    Uplink& uplink;
  };

  /// Errors: invalid (source element, display name).
  [[nodiscard]] static Result<Agent> create(AgentSettings settings, const Parts& parts);

  /// Until `stop` is requested; its last word is the state agent_stopped, which the server gets if it is
  /// there.
  void run(const std::stop_token& stop);

 private:
  Agent(AgentSettings settings, const Parts& parts, Screen screen);
  [[nodiscard]] Duration step();
  void account_for_absence();
  void say(ScreenState state, const std::string& detail, const std::string& by, const Stamp& when);
  void keep(Entry entry, const Stamp& when);
  [[nodiscard]] bool keep_owed();
  [[nodiscard]] bool append(Entry entry);
  [[nodiscard]] bool paused(const Stamp& now);
  void tell_person(SteadyTime now);
  void tell_status(SteadyTime now, const Stamp& stamp);

  AgentSettings settings_;
  Parts parts_;
  Screen screen_;
  Notice notice_;
  std::optional<Stamp> last_look_;
  std::optional<Entry> owed_;       ///< a state that must be kept before anything else
  std::optional<Pause> pause_;      ///< that holds now
  std::string hidden_;              ///< why there is no picture; empty: there is one
  std::optional<SteadyTime> told_;  ///< when the status was written last
  std::string told_hidden_;
  int64_t thinning_ = 1;
  Trouble keeping_{"spool"};
  Trouble telling_{"status"};
};

}  // namespace mj::agent
