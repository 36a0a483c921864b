#include "capture/agent/x_connection.h"

#include <X11/Xlib.h>

#include <mutex>

namespace mj::agent {

namespace {

/// Xlib ends the process at any error unless told otherwise; a window that has just been closed is no reason
/// to stop recording.
void survive_x_errors() {
  static std::once_flag once;
  std::call_once(once, [] {
    XInitThreads();
    XSetErrorHandler([](::Display*, XErrorEvent*) { return 0; });
    XSetIOErrorHandler(
        [](::Display*) { return 0; });  // then the display's own exit handler has the last word
  });
}

}  // namespace

Result<bool> XConnection::open() {
  if (display_ != nullptr && !broken_) return false;
  close();
  survive_x_errors();
  display_ = XOpenDisplay(name_.c_str());
  if (display_ == nullptr) return fail(ErrorKind::unavailable, "display {} cannot be opened", name_);
  broken_ = false;
  XSetIOErrorExitHandler(
      display_, [](::Display*, void* self) { static_cast<XConnection*>(self)->broken_ = true; }, this);
  return true;
}

void XConnection::close() {
  if (display_ != nullptr) XCloseDisplay(display_);
  display_ = nullptr;
}

Error XConnection::went_away() const {
  return {ErrorKind::unavailable, fmt::format("display {} went away", name_)};
}

}  // namespace mj::agent
