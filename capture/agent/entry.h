#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace mj::agent {

enum class EntryKind { shot, same, state };

/// Why there is no picture from some moment on. The wire names are those of server/openapi.yaml.
enum class ScreenState { locked, no_session, protected_content, paused, asleep, agent_stopped, no_display };
[[nodiscard]] const char* wire_name(ScreenState state);

struct Monitor {
  int x = 0, y = 0, width = 0, height = 0;  ///< pixels of the desktop
  friend bool operator==(const Monitor&, const Monitor&) = default;
};

/// What the screen was about at the instant of a shot. Texts are valid UTF-8, at most 512 bytes.
struct ScreenFacts {
  std::string title;    ///< of the foreground window
  std::string program;  ///< of the foreground window
  std::string user;     ///< logged-in account
  int64_t idle_ms = 0;  ///< since the last input
  bool locked = false;
  std::vector<Monitor> monitors;  ///< at most 16
};

/// One thing the agent has to say about its screen, before it has a number.
struct Entry {
  EntryKind kind = EntryKind::shot;
  WallTime at;                              ///< server time of the grab, as this machine knows it
  Duration error{0};                        ///< `at` is wrong by at most this
  WallTime agent_time;                      ///< this machine's own wall clock at the same moment
  Duration offset{0};                       ///< server − agent, as measured
  Duration nominal{0};                      ///< how long it stands if nothing follows
  Duration configured{0};                   ///< the cadence asked for; nominal > configured: thinned
  ScreenFacts facts;                        ///< shot, same
  bool key = false;                         ///< shot: decodes without what came before
  std::string input_sha256;                 ///< shot: of the encoder's input planes
  std::string avc_config;                   ///< key shot: AVCDecoderConfigurationRecord, bytes
  Bytes access_unit;                        ///< shot: NAL units, each after its length in 4 bytes
  ScreenState state = ScreenState::locked;  ///< state
  std::string detail;                       ///< state: a sentence
  std::string by;                           ///< state paused: who
};

/// What must be known of an encoded entry to keep and send it.
struct EntryHead {
  uint64_t number = 0;
  Digest previous{};  ///< chain_hash of the entry before
  EntryKind kind = EntryKind::shot;
  bool key = false;
  WallTime at;
  Duration nominal{0};
  Duration offset{0};
  std::string state;  ///< of a state: its wire name
};

/// The entry as it goes over the wire (and, sealed, into the spool): length, "MJE1", number, `previous`,
/// JSON, decoder configuration, access unit; see server/openapi.yaml. Texts are made valid and cut to 512
/// bytes.
[[nodiscard]] Bytes encode_entry(const Entry& entry, uint64_t number, const Digest& previous);

/// Reads back what encode_entry wrote. Errors: corrupt.
[[nodiscard]] Result<EntryHead> read_head(BytesView encoded);

/// SHA-256 of the encoded entry from its "MJE1" on: what the next one carries as `previous`.
[[nodiscard]] Digest chain_hash(BytesView encoded);

/// The same entry with another place in the chain. `encoded` must be one that read_head accepts.
[[nodiscard]] Bytes renumbered(BytesView encoded, uint64_t number, const Digest& previous);

inline constexpr const char* kEntriesMediaType = "application/vnd.mingjing.entries";

}  // namespace mj::agent
