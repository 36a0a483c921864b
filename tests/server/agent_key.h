#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "server/openssl_handles.h"
#include "tests/server/hall.h"

namespace mj::test {

/// A workstation's key, and what an agent makes with it. Owner: a test.
class AgentKey {
 public:
  AgentKey();
  [[nodiscard]] std::string public_key() const;                      ///< base64
  [[nodiscard]] std::string sign(const std::string& message) const;  ///< base64

 private:
  server::UniquePkey key_;
};

/// A code for the workstation, as `mingjing agent enrol` makes it.
[[nodiscard]] std::string enrolment_code(const Hall& hall, const std::string& workstation);
[[nodiscard]] Answer enrol(const Hall& hall, const AgentKey& key, const std::string& code);
[[nodiscard]] Answer open_session(const Hall& hall, const AgentKey& key, const std::string& workstation);
/// The bearer token of an agent that is enrolled with `key` just now.
[[nodiscard]] std::string agent_token(const Hall& hall, const AgentKey& key, const std::string& workstation);

/// How one entry goes over the wire. `previous`: of the entry before, zero for number 1.
struct WireEntry {
  uint64_t number = 1;
  Digest previous{};
  std::string json;
  std::string avc_config;
  std::string access_unit;
};
[[nodiscard]] std::string encode(const WireEntry& entry);

/// Entries as an agent chains them. `at`: of the next; five seconds apart. Pictures are no pictures, but have
/// the form of some: nothing in the server decodes.
class EntryChain {
 public:
  explicit EntryChain(WallTime at) : at_(at) {}
  std::string key_shot(std::size_t bytes = 100);
  std::string shot(std::size_t bytes = 100);
  std::string same();
  std::string state(const std::string& state, const std::string& detail = "");
  /// Numbers that nobody will ever see.
  void lose(uint64_t count);
  [[nodiscard]] uint64_t next() const { return number_ + 1; }

 private:
  std::string finish(std::string json, std::string avc_config, std::string access_unit);
  [[nodiscard]] std::string head(const std::string& kind) const;

  WallTime at_;
  uint64_t number_ = 0;
  Digest chain_{};
};

}  // namespace mj::test
