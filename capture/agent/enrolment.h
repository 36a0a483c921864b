#pragma once

#include <filesystem>
#include <optional>

#include "capture/agent/crypto.h"

/// What a workstation's account keeps about its enrolment, in the state directory (mode 0700): `agent.key`
/// (the Ed25519 seed, mode 0600), `enrolment.json`, `server.pem` (whom to trust), and beside them `spool/`,
/// `status.json`, `pause.json` and `lock`.
namespace mj::agent {

struct Enrolment {
  std::string server;  ///< "https://host[:port]"
  std::string workstation, agent;
  SigningKey key;
  std::filesystem::path ca_file;   ///< empty: the system's authorities
  std::optional<Duration> offset;  ///< server − our wall clock at the enrolment
};

/// $XDG_STATE_HOME/mingjing-agent, or ~/.local/state/mingjing-agent.
[[nodiscard]] std::filesystem::path default_state_directory();

struct EnrolOptions {
  std::string server, code;
  std::filesystem::path ca_file;  ///< copied into the state directory; empty: the system's authorities
  std::filesystem::path state_directory;
};

/// Makes a key, has the server accept it by the one-time code, and keeps both. A try that failed may be
/// repeated. Errors: invalid (already enrolled: says what to do; code, address or CA file), denied,
/// unavailable, the disk's.
[[nodiscard]] Result<Enrolment> enrol(const EnrolOptions& options);

/// Errors: not_found (not enrolled: says what to do), corrupt.
[[nodiscard]] Result<Enrolment> load_enrolment(const std::filesystem::path& state_directory);

/// Held while an agent runs, so that one state directory has one. Released with the process, however it ends.
class RunLock {
 public:
  /// Errors: unavailable (another agent runs).
  [[nodiscard]] static Result<RunLock> take(const std::filesystem::path& state_directory);
  RunLock(RunLock&& other) noexcept;
  RunLock& operator=(RunLock&&) = delete;
  ~RunLock();

 private:
  explicit RunLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace mj::agent
