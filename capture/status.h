#pragma once

#include <array>
#include <optional>
#include <string>

#include "config/config.h"

/// How the sources are doing. Plain values. Part of capture/capture.h.
namespace mj::capture {

/// A camera's own clock compared with ours, as its sender reports tell it. Never used as wall time.
struct ClockOffset {
  StreamKey stream;
  WallTime at;
  Duration offset{0};  ///< camera − ours
  Duration error{0};   ///< bound of |offset − true offset|
};

/// What the sizes and bytes of key pictures suggest, without decoding. A hint for people: recording goes on.
enum class Look {
  usual,
  frozen,  ///< one key picture like the other: a camera that films sends no two that are the same
  dark,    ///< key pictures far smaller than usual: black, covered or out of light
};
[[nodiscard]] const char* name(Look look);

/// Why entries of an agent were refused.
enum class Refusal { malformed, missing, key_wanted, quota, busy };
inline constexpr std::size_t kRefusals = 5;
[[nodiscard]] const char* name(Refusal refusal);

/// How a workstation's agent is doing, since it was first heard of after the start.
struct AgentStatus {
  std::string agent;                          ///< see EntryRef
  uint64_t next = 1;                          ///< the number wanted next
  bool thinned = false;                       ///< its cadence is longer than configured: its spool is tight
  uint64_t missing = 0;                       ///< numbers that are gone for ever
  uint64_t breaks = 0;                        ///< entries that do not name the one before them
  std::array<uint64_t, kRefusals> refused{};  ///< by Refusal
};

struct StreamStatus {
  enum class State { connecting, recording, waiting };
  StreamKey stream;
  State state = State::connecting;
  std::optional<GapCause> cause;  ///< why not recording
  std::string detail;             ///< a sentence with what to do next, without secrets
  WallTime since;                 ///< of this state
  std::optional<WallTime> last_frame;
  uint64_t frames = 0;
  uint64_t bytes = 0;
  Look look = Look::usual;
  std::optional<ClockOffset> camera_clock;  ///< measured last; of cameras that send reports
  std::optional<AgentStatus> agent;         ///< of screens
};

}  // namespace mj::capture
