#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "capture/capture.h"
#include "config/config.h"

/// Which agents may send for which workstation, and how far their entries are durable. Part of index/index.h.
namespace mj::index {

class Index;

/// An agent that was enrolled.
struct Agent {
  std::string id;  ///< first 16 hex digits of SHA-256 of its key
  std::string workstation;
  Bytes public_key;  ///< Ed25519, 32 bytes
  WallTime enrolled;
  std::optional<WallTime> revoked;  ///< since when it may not come any more
  std::optional<WallTime> heard;    ///< when it last proved itself
};

/// What the command line tells of an agent.
struct AgentReport {
  Agent agent;
  uint64_t durable = 0;  ///< all its entries up to here are
  uint64_t missing = 0;  ///< numbers up to there of which nothing is here
  uint64_t breaks = 0;   ///< entries that did not name the one before
  bool thinned = false;  ///< its newest shot stands longer than configured: its spool is tight
};

/// The agents of a hall, in its index. Owner: who asks; the Index must outlive it. Threads: any; every call
/// may block on disk. Does not: check signatures, make codes, know sessions. Failure: as Index. The static
/// functions are for the command line, beside the mingjingd that runs.
class Agents {
 public:
  explicit Agents(Index& index) : index_(index) {}

  /// Uses up the code and enrols the key for its workstation, for which no other key counts from now on.
  /// Errors: not_found (no such code, used, or expired), invalid (the key is or was enrolled).
  [[nodiscard]] Result<Agent> enrol(const Digest& code_hash, const std::string& id, const Bytes& public_key);
  /// The agent in force. Errors: not_found.
  [[nodiscard]] Result<Agent> of_workstation(const std::string& workstation) const;
  /// Whether this agent is in force.
  [[nodiscard]] Result<bool> in_force(const std::string& agent) const;
  /// It proved itself just now.
  [[nodiscard]] Result<void> heard(const std::string& agent);
  /// How far its entries on `stream` are durable; its enrolment when there are none. Errors: not_found.
  [[nodiscard]] Result<capture::KnownEntries> known(const StreamKey& stream, const std::string& agent) const;

  /// Errors of all three: not_found (no index yet), unavailable (another version), no_space.
  [[nodiscard]] static Result<void> add_code(const std::filesystem::path& directory,
                                             const std::string& workstation, const Digest& code_hash,
                                             WallTime now, WallTime expires);
  /// Every agent that was ever enrolled, by workstation, the newest first.
  [[nodiscard]] static Result<std::vector<AgentReport>> list(const std::filesystem::path& directory);
  /// How many were in force: 1 or 0. Codes for the workstation that nobody has used are dropped too.
  [[nodiscard]] static Result<int> revoke(const std::filesystem::path& directory,
                                          const std::string& workstation, WallTime now);

 private:
  Index& index_;
};

}  // namespace mj::index
