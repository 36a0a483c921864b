#pragma once

#include <filesystem>

#include "capture/agent/spool.h"
#include "capture/agent/uplink.h"

/// What the running agent says about itself in `status.json` of its state directory, for `mingjing-agent
/// status`.
namespace mj::agent {

struct Status {
  WallTime updated;        ///< this machine's clock
  WallTime alive;          ///< server time of the same moment
  bool recording = false;  ///< there is a picture, and it is being kept
  std::string why;         ///< why not: a sentence
  WallTime last_entry;     ///< server time; zero: none yet
  std::string server, workstation;
  Duration interval{0};  ///< as it is now
  int64_t thinning = 1;  ///< how many times longer than configured
  SpoolState spool;
  UplinkState uplink;
};

/// Errors: the disk's.
[[nodiscard]] Result<void> write_status(const std::filesystem::path& state_directory, const Status& status);
/// Errors: not_found, corrupt.
[[nodiscard]] Result<Status> read_status(const std::filesystem::path& state_directory);

struct StatusReport {
  std::string text;  ///< lines for people, Chinese and English
  bool recording = false;
};
/// What `mingjing-agent status` prints. `running`: an agent holds the directory's lock.
[[nodiscard]] StatusReport report_status(const Result<Status>& status, bool running, WallTime now);

}  // namespace mj::agent
