#pragma once

#include <memory>
#include <string>
#include <vector>

#include "capture/agent/entry.h"

namespace mj::agent {

/// The window people are looking at.
struct Foreground {
  std::string title;    ///< valid UTF-8, ≤ 512 bytes; empty: no window, or one without a title
  std::string program;  ///< WM_CLASS, the class part; the same rules
  friend bool operator==(const Foreground&, const Foreground&) = default;
};

/// How the clerk and the screen stand to each other.
struct Attention {
  int64_t idle_ms = 0;     ///< since the last input (XScreenSaver); 0 where the server cannot tell
  std::string covered_by;  ///< what hides the desktop: a sentence; empty: nothing that the X display knows of
};

/// Asks an X display what is in the foreground, how its monitors lie, how long nobody has touched the
/// keyboard or the mouse, and whether a screen saver or a locker's window hides it all.
///
/// Owner: Screen. Thread: one. Asks for window properties and idle time and nothing else: no keys, no
/// clipboard, no content. Windows that vanish between two questions and errors of the X server are survived;
/// a display that goes away is `unavailable` until it can be opened again, which every call tries.
class Desktop {
 public:
  /// `display`: ":0". Opens nothing yet.
  explicit Desktop(std::string display);
  ~Desktop();
  Desktop(const Desktop&) = delete;
  Desktop& operator=(const Desktop&) = delete;

  /// _NET_ACTIVE_WINDOW, or else the input focus and its nearest ancestor that has a title.
  [[nodiscard]] Result<Foreground> foreground();
  /// The monitors that are switched on (RandR 1.5), at most 16; none where the server cannot tell.
  [[nodiscard]] Result<std::vector<Monitor>> monitors();
  [[nodiscard]] Result<Attention> attention();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The name of the account this process runs under.
[[nodiscard]] std::string account_name();

}  // namespace mj::agent
