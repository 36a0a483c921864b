#pragma once

#include <map>
#include <memory>

#include "capture/screen.h"

namespace mj::capture {

/// The screens of all workstations. Owner: Capture; `clock` and `outlet` must outlive it. Threads: all
/// members from any; one workstation's calls exclude each other, different workstations' do not. Does not:
/// decode, keep pictures, authenticate. Fails: the answer says why, and what to send instead.
class ScreenIntake {
 public:
  ScreenIntake(const config::Settings& settings, const Clock& clock, Outlet& outlet);

  void start();
  /// See Capture::accept_entries, position, charge_upload.
  [[nodiscard]] Accepted accept(const EntryBatch& batch, const KnownEntries& known);
  [[nodiscard]] Result<ScreenPosition> position(const std::string& workstation, const std::string& agent,
                                                const KnownEntries& known);
  [[nodiscard]] Duration charge_upload(const std::string& workstation, uint64_t bytes);
  /// Reports workstations that have been silent for more than three shots. To be called about every second.
  void tick();
  void stop();

  [[nodiscard]] std::vector<StreamStatus> status() const;

 private:
  CommonPool pool_;
  std::map<std::string, std::unique_ptr<Screen>> screens_;  // by workstation; not changed after construction
  std::vector<const Screen*> order_;                        // as configured
};

}  // namespace mj::capture
