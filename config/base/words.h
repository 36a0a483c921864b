#pragma once

#include <optional>
#include <string>

#include "config/base/time.h"

namespace mj {

/// Names one stream for ever, in files, rows, URLs and logs: "<camera>.main", "<camera>.sub" or
/// "<workstation>.screen". Camera and workstation ids are [a-z0-9-]{1,48}, so a key is also a safe directory
/// name.
using StreamKey = std::string;

enum class StreamKind { main, sub, screen };
[[nodiscard]] const char* name(StreamKind kind);

/// Why a second of a stream has no footage. Stored by name: do not rename, only append.
enum class GapCause {
  not_yet_configured,  ///< before the stream was first configured
  camera_unreachable,  ///< no connection, or the connection broke
  auth_failed,         ///< the camera refuses the credentials
  unsupported,         ///< the camera answers, but with nothing we can record
  stalled,             ///< connected, but no frames come
  no_space,            ///< the stores are full
  overload,            ///< a bounded queue was full
  disk_error,          ///< a store is missing, read-only, or a write or fsync failed
  shutdown,            ///< the recorder was stopped on purpose
  lost_in_crash,       ///< the recorder or the machine died
  clock_step,          ///< the host's clock was stepped
  paused_by,           ///< a person paused it, with a reason
  agent_away,          ///< the workstation's agent sends nothing
  screen_locked,       ///< the session on the workstation was locked
  no_session,          ///< nobody was logged in on the workstation
  protected_content,   ///< the desktop refused to be grabbed
  workstation_asleep,  ///< the workstation was suspended
  agent_stopped,       ///< the agent was stopped on purpose
  no_display,          ///< the workstation had no screen to grab
  entries_missing,     ///< shots were made, but are gone from the agent's spool for ever
};
[[nodiscard]] const char* name(GapCause cause);
[[nodiscard]] std::optional<GapCause> gap_cause_from(std::string_view name);

/// Secret text: never printed. Only the code that sends it to its owner calls reveal().
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  [[nodiscard]] const std::string& reveal() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }

 private:
  std::string text_;
};

/// A URL without its user info, fit for logs and pages: "rtsp://user:pw@h/x" → "rtsp://h/x". Text that is no
/// URL: up to the last '@' is removed.
[[nodiscard]] std::string redact_url(std::string_view url);

}  // namespace mj
