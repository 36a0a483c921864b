#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "index/index.h"
#include "server/throttle.h"

namespace mj::server {

/// How agents become known: a one-time code enrols a key, a signature over a challenge opens a session of an
/// hour. Challenges are not remembered: each carries its own proof that we made it. Sessions live in memory;
/// what was revoked is asked of the index each time.
///
/// Owner: the Server; index and clock must outlive it. Threads: everything that blocks belongs on the work
/// pool; enrol() on WorkPool::one_at_a_time(). Does not: know HTTP. Bounded: four sessions for a workstation.
/// Failure: an index that cannot answer is an error, never a session.
class AgentDoor {
 public:
  static constexpr Duration kLifetime = std::chrono::hours(1);
  static constexpr Duration kChallengeLifetime = std::chrono::seconds(60);

  struct Session {
    std::string token;
    WallTime expires;
  };
  /// Who a token belongs to.
  struct Holder {
    std::string workstation, agent;
  };
  struct Refused {
    Error error;                   ///< denied: code, key or signature
    std::chrono::seconds wait{0};  ///< > 0: too many failures
  };

  AgentDoor(index::Index& index, const Clock& clock);

  /// Blocks. `signature`: of "mingjing agent enrolment\n" + code by `public_key`; `origin`: the client's
  /// address.
  [[nodiscard]] tl::expected<index::Agent, Refused> enrol(const std::string& code, const Bytes& public_key,
                                                          const Bytes& signature, const std::string& origin);
  [[nodiscard]] std::string challenge() const;
  /// Blocks. `signature`: of "mingjing agent session\n" + workstation + "\n" + challenge by the enrolled key.
  /// Errors: denied.
  [[nodiscard]] Result<Session> open_session(const std::string& workstation, const std::string& challenge,
                                             const Bytes& signature);
  /// Blocks. Nobody for a token that is unknown or expired, and when the agent was revoked meanwhile.
  [[nodiscard]] Result<std::optional<Holder>> holder(std::string_view token);

 private:
  struct Open {
    Holder holder;
    WallTime expires;
  };
  [[nodiscard]] std::string proof_of(std::string_view challenge) const;
  [[nodiscard]] bool is_ours(std::string_view challenge) const;
  void make_room(const std::string& workstation);

  index::Agents agents_;
  const Clock& clock_;
  const std::string secret_;  ///< of this process: what challenges are proven with
  Throttle throttle_;
  std::mutex mutex_;                       ///< guards what follows
  std::map<Digest, Open> sessions_;        ///< by SHA-256 of the token
  std::map<std::string, WallTime> heard_;  ///< by agent: when the index was told last
};

/// A code as `mingjing agent enrol` prints it and people copy it: case, spaces and dashes do not count.
[[nodiscard]] std::string folded_code(std::string_view code);

}  // namespace mj::server
