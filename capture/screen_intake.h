#pragma once

#include <map>
#include <mutex>

#include "capture/fragmenter.h"
#include "capture/stream_state.h"

namespace mj::capture {

/// Shots of workstations' screens become fragments, one each.
/// Owner: Capture; `clock` and `outlet` must outlive it. Threads: all members from any; one workstation's
/// shots exclude each other, different workstations do not. Does not: decode, keep pictures, authenticate.
/// Fails: accept() says why and nothing changed; after a refusal that names "key frame wanted" the agent
/// sends a key.
class ScreenIntake {
 public:
  ScreenIntake(const config::Settings& settings, const Clock& clock, Outlet& outlet);

  void start();
  /// See Capture::accept_shot.
  [[nodiscard]] Result<void> accept(const std::string& workstation, Shot shot);
  /// Reports workstations that have been silent for more than three shots. To be called about every second.
  void tick();
  void stop();

  [[nodiscard]] std::vector<StreamStatus> status() const;

 private:
  struct Screen {
    Screen(const std::string& workstation, const Clock& clock, Outlet& outlet)
        : state(workstation + ".screen", clock, outlet) {}

    mutable std::mutex mutex;  // of all below; state.status() needs none
    StreamState state;
    std::shared_ptr<const Run> run;
    Bytes record;  // of run
    uint32_t sequence = 0;
    WallTime last_at{};
    Duration nominal{0};  // of the last shot
    SteadyTime heard;     // when the last shot was accepted
    bool key_wanted = true;
    bool stopped = false;
  };

  [[nodiscard]] Result<void> accept_locked(Screen& screen, Shot& shot);
  [[nodiscard]] Result<void> prepare_run(Screen& screen, const Shot& shot);

  const Clock& clock_;
  std::map<std::string, std::unique_ptr<Screen>> screens_;  // by workstation; not changed after construction
  std::vector<const Screen*> order_;                        // as configured
};

}  // namespace mj::capture
