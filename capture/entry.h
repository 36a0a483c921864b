#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.h"

/// What agents send: the numbered entries of a workstation's spool. Plain values. Part of capture/capture.h.
namespace mj::capture {

/// Which entry of which agent's spool something came from.
struct EntryRef {
  std::string agent;    ///< first 16 hex digits of SHA-256 of its public key; empty: nobody numbered it
  uint64_t number = 0;  ///< 1, 2, 3 … per enrolment; 0: none
  Digest chain{};       ///< SHA-256 of the entry; zero when it is gone
  bool breaks = false;  ///< it does not name the hash of the entry before it
  bool gone = false;    ///< it and what is missing before it are lost for ever: the agent says so
  friend bool operator==(const EntryRef&, const EntryRef&) = default;
};

enum class EntryKind {
  shot,   ///< a picture
  same,   ///< attests that every pixel still was as in the last shot
  state,  ///< from here on there is no picture, and why
};

/// Place and size of a monitor on the desktop, pixels.
struct Monitor {
  int x = 0, y = 0, width = 0, height = 0;
  friend bool operator==(const Monitor&, const Monitor&) = default;
};

/// What a workstation's screen was about at the instant of a shot. Text is UTF-8 as the desktop gave it, ≤
/// 512 bytes each.
struct ShotFacts {
  std::string title;         ///< of the foreground window
  std::string program;       ///< of the foreground window
  std::string user;          ///< logged-in account
  int64_t idle_ms = 0;       ///< since the last input
  WallTime agent_time;       ///< the workstation's own clock at the grab
  std::string input_sha256;  ///< hex digest of the encoder's input picture; of a `same`: none
  EntryKind kind = EntryKind::shot;
  bool locked = false;            ///< the session was locked
  std::vector<Monitor> monitors;  ///< ≤ 16
  Duration error{0};              ///< bound of how wrong the time of the grab may be
  Duration nominal{0};            ///< how long it stands if nothing follows
  Duration configured{0};  ///< the configured cadence; shorter than nominal: thinned, the spool is tight
  EntryRef entry;
};

/// One entry as it was sent and parsed.
struct Entry {
  EntryRef ref;       ///< breaks and gone are the intake's to find out
  Digest previous{};  ///< SHA-256 of the entry before
  EntryKind kind = EntryKind::shot;
  WallTime at;  ///< server time of the grab as the agent knows it
  Duration error{0};
  Duration offset{0};  ///< server − agent as the agent measured it
  Duration nominal{0}, configured{0};
  bool key = false;        ///< of a shot
  std::string avc_config;  ///< AVCDecoderConfigurationRecord (ISO/IEC 14496-15 §5.3.3.1); of key shots
  Bytes access_unit;       ///< of a shot: length-prefixed NAL units (4 bytes)
  ShotFacts facts;         ///< of a shot or same: what was read on the desktop
  GapCause state = GapCause::agent_away;  ///< of a state
  std::string detail;                     ///< of a state: a sentence
};

/// The state an agent's last word put a screen into, if it was one.
struct AttestedState {
  WallTime begin;
  GapCause cause = GapCause::agent_away;
  std::string detail;
};

/// How far an agent's entries are durable, as the index knows it.
struct KnownEntries {
  uint64_t durable = 0;
  Digest chain{};  ///< of entry `durable`
  WallTime at{};   ///< of entry `durable`; of the enrolment when there is none: nothing of the agent is older
  std::optional<AttestedState> state;
};

/// What one upload brings.
struct EntryBatch {
  std::string workstation, agent;
  std::vector<Entry> entries;               ///< in order
  std::optional<uint64_t> first_available;  ///< what is older is gone from the spool
};

struct ScreenPosition {
  uint64_t next = 1;       ///< the number wanted next: all before it were accepted
  bool key_wanted = true;  ///< it must be a key shot or a state, or follow the shots from its key shot on
};

/// What became of an upload. Entries before a refusal were taken.
struct Accepted {
  ScreenPosition position;
  std::optional<Error> refusal;
  bool conflict = false;  ///< of a refusal: send other entries, see `position`
  Duration wait{0};       ///< of a refusal: come again after this long
  std::size_t at = 0;     ///< of a refusal: position of the entry in the batch
};

}  // namespace mj::capture
