#pragma once

#include "capture/agent/grabber.h"

namespace mj::agent {

/// The desktop of an X display: all monitors as one picture, pointer included. One shared memory segment
/// stays with the connection, so that an unchanged screen costs one pass over its pixels and nothing else.
class X11Grabber final : public Grabber {
 public:
  /// `display`: ":0". Opens nothing yet.
  X11Grabber(std::string display, const Clock& clock);
  ~X11Grabber() override;

  /// Errors besides Grabber's: unavailable (the size changed in that very moment), invalid (the display has
  /// not 24 bits of colour, or is not of this machine: it has no shared memory).
  [[nodiscard]] Result<Picture> grab() override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mj::agent
