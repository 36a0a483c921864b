#pragma once

#include <string>

#include "config/config.h"

struct _XDisplay;

namespace mj::agent {

/// One connection to an X display that outlives what Xlib would end the process for: errors of single
/// requests are ignored (the request then has no answer), and a server that goes away leaves a connection
/// that is broken() and is opened anew.
///
/// Owner: whoever asks the display (Desktop, X11Grabber), each one of its own. Thread: one at a time. Fails
/// as Result of open().
class XConnection {
 public:
  /// `name`: ":0". Opens nothing yet.
  explicit XConnection(std::string name) : name_(std::move(name)) {}
  ~XConnection() { close(); }
  XConnection(const XConnection&) = delete;
  XConnection& operator=(const XConnection&) = delete;

  /// Does nothing when it is open. True: it has just been opened, and what was known of the display is void.
  /// Errors: unavailable.
  [[nodiscard]] Result<bool> open();
  void close();

  [[nodiscard]] ::_XDisplay* get() const { return display_; }
  /// The server went away; set by Xlib inside a call.
  [[nodiscard]] bool broken() const { return broken_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] Error went_away() const;

 private:
  const std::string name_;
  ::_XDisplay* display_ = nullptr;
  bool broken_ = false;
};

}  // namespace mj::agent
