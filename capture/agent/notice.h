#pragma once

#include <memory>
#include <string>

#include "config/config.h"

namespace mj::agent {

/// Tells the person at the screen that it is recorded, or is not just now, by the desktop's own notifications
/// (org.freedesktop.Notifications), which stay until they are closed.
///
/// Owner: Agent. Thread: one. Does not: draw anything itself, start a service, say the same twice. Does not
/// fail: where no service shows notifications, `mingjing-agent status` is what there is.
class Notice {
 public:
  /// `session_bus`: address; empty: there is none.
  explicit Notice(std::string session_bus);
  ~Notice();  // leaves on the screen what stands there
  Notice(Notice&&) noexcept;

  /// What is to be seen from now on, plain text; it takes the place of what was to be seen before. To be
  /// called again and again: a service that comes later is found within a minute.
  void show(SteadyTime now, const std::string& title, const std::string& text);
  /// Nothing is to be seen any more.
  void withdraw();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mj::agent
