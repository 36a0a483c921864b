#include "server/agent_door.h"

#include <charconv>

#include "server/digests.h"

namespace mj::server {
namespace {

constexpr std::size_t kIdBytes = 8;
constexpr std::size_t kSessionsPerWorkstation = 4;
constexpr Duration kTellHeard = std::chrono::hours(1);

constexpr const char* kRefused =
    "the signature is not that of the agent enrolled for this workstation; "
    "enrol again: `mingjing agent enrol` gives a code";

tl::unexpected<AgentDoor::Refused> refused(Error error, std::chrono::seconds wait = {}) {
  return tl::unexpected(AgentDoor::Refused{std::move(error), wait});
}

}  // namespace

std::string folded_code(std::string_view code) {
  std::string folded;
  for (const char c : code) {
    if (c == ' ' || c == '-') continue;
    folded += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return folded;
}

AgentDoor::AgentDoor(index::Index& index, const Clock& clock)
    : agents_(index), clock_(clock), secret_(random_hex(32)), throttle_(clock) {}

tl::expected<index::Agent, AgentDoor::Refused> AgentDoor::enrol(const std::string& code,
                                                                const Bytes& public_key,
                                                                const Bytes& signature,
                                                                const std::string& origin) {
  if (const auto wait = throttle_.wait(origin); wait.count() > 0)
    return refused({ErrorKind::denied, "too many failures; wait before the next attempt"}, wait);
  if (!verify_ed25519(public_key, "mingjing agent enrolment\n" + code, signature))
    return refused({ErrorKind::invalid, "the signature is not that of the key"});
  const Digest key_hash = sha256(as_text(public_key));
  auto agent =
      agents_.enrol(sha256(folded_code(code)), to_hex(BytesView(key_hash).first(kIdBytes)), public_key);
  if (agent) {
    throttle_.succeeded(origin);
    spdlog::info("agents: {} enrolled for workstation {} from {}", agent->id, agent->workstation, origin);
    return std::move(*agent);
  }
  if (agent.error().kind != ErrorKind::not_found) return refused(agent.error());
  throttle_.failed(origin);
  spdlog::warn("agents: enrolment refused from {}", origin);
  return refused({ErrorKind::denied, agent.error().message});
}

/// expiry.nonce.proof
std::string AgentDoor::challenge() const {
  const std::string head = fmt::format("{}.{}", to_us(clock_.now() + kChallengeLifetime), random_hex(16));
  return head + "." + proof_of(head);
}

std::string AgentDoor::proof_of(std::string_view challenge) const {
  return to_hex(hmac_sha256(secret_, challenge));
}

bool AgentDoor::is_ours(std::string_view challenge) const {
  const auto dot = challenge.rfind('.');
  if (dot == std::string_view::npos) return false;
  const std::string_view head = challenge.substr(0, dot);
  if (!same_secret(challenge.substr(dot + 1), proof_of(head))) return false;
  int64_t expires_us = 0;
  std::from_chars(head.data(), head.data() + head.size(), expires_us);
  const WallTime now = clock_.now();
  return from_us(expires_us) > now && from_us(expires_us) <= now + kChallengeLifetime;
}

Result<AgentDoor::Session> AgentDoor::open_session(const std::string& workstation,
                                                   const std::string& challenge, const Bytes& signature) {
  if (!is_ours(challenge)) return fail(ErrorKind::denied, "the challenge is not ours or has expired");
  const auto agent = agents_.of_workstation(workstation);
  if (!agent && agent.error().kind == ErrorKind::not_found) return fail(ErrorKind::denied, "{}", kRefused);
  if (!agent) return tl::unexpected(agent.error());
  if (!verify_ed25519(agent->public_key, "mingjing agent session\n" + workstation + "\n" + challenge,
                      signature))
    return fail(ErrorKind::denied, "{}", kRefused);
  const WallTime now = clock_.now();
  Session session{random_hex(32), now + kLifetime};
  bool tell = false;
  {
    const std::lock_guard lock(mutex_);
    make_room(workstation);
    sessions_[sha256(session.token)] = {{workstation, agent->id}, session.expires};
    WallTime& told = heard_[agent->id];
    tell = now - told >= kTellHeard;
    if (tell) told = now;
  }
  if (tell) MJ_CHECK(agents_.heard(agent->id));
  return session;
}

/// The oldest of a workstation's sessions goes when there are too many.
void AgentDoor::make_room(const std::string& workstation) {
  auto oldest = sessions_.end();
  std::size_t count = 0;
  for (auto one = sessions_.begin(); one != sessions_.end(); ++one) {
    if (one->second.holder.workstation != workstation) continue;
    ++count;
    if (oldest == sessions_.end() || one->second.expires < oldest->second.expires) oldest = one;
  }
  if (count >= kSessionsPerWorkstation) sessions_.erase(oldest);
}

Result<std::optional<AgentDoor::Holder>> AgentDoor::holder(std::string_view token) {
  const Digest hash = sha256(token);
  Holder holder;
  {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(hash);
    if (found == sessions_.end()) return std::nullopt;
    if (found->second.expires <= clock_.now()) {
      sessions_.erase(found);
      return std::nullopt;
    }
    holder = found->second.holder;
  }
  MJ_TRY(const bool in_force, agents_.in_force(holder.agent));
  if (in_force) return holder;
  const std::lock_guard lock(mutex_);
  sessions_.erase(hash);
  return std::nullopt;
}

}  // namespace mj::server
