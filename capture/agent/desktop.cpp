#include "capture/agent/desktop.h"

#include <X11/Xatom.h>
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <X11/extensions/scrnsaver.h>
#include <pwd.h>
#include <unistd.h>

#include <cstring>
#include <mutex>
#include <optional>

#include "capture/agent/utf8.h"

namespace mj::agent {

namespace {

constexpr std::size_t kMaxTextBytes = 512;
constexpr int kMaxAncestors = 16;

struct XFreer {
  void operator()(void* memory) const { XFree(memory); }
};
template <class T>
using UniqueX = std::unique_ptr<T, XFreer>;

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

/// A property's bytes; nothing when the window or the property is not there.
std::optional<std::string> property(::Display* display, ::Window window, Atom property_name, Atom type,
                                    int format) {
  Atom actual_type = 0;
  int actual_format = 0;
  unsigned long items = 0, left = 0;
  unsigned char* raw = nullptr;
  const int status = XGetWindowProperty(display, window, property_name, 0, kMaxTextBytes, False, type,
                                        &actual_type, &actual_format, &items, &left, &raw);
  const UniqueX<unsigned char> data(raw);
  if (status != Success || !data || actual_format != format || items == 0) return std::nullopt;
  const std::size_t unit = format == 32 ? sizeof(long) : static_cast<std::size_t>(format / 8);
  return std::string(reinterpret_cast<const char*>(data.get()), items * unit);
}

}  // namespace

struct Desktop::Impl {
  bool open();
  void close();
  ::Window active_window();
  ::Window focused_window();
  std::optional<std::string> title_of(::Window window);
  std::string program_of(::Window window);

  std::string display_name;
  ::Display* display = nullptr;
  bool broken = false;  ///< the connection is gone; set by Xlib inside a call
  bool has_idle = false;
  Atom net_active_window = 0, net_wm_name = 0, utf8_string = 0;
};

bool Desktop::Impl::open() {
  if (display != nullptr && !broken) return true;
  close();
  survive_x_errors();
  display = XOpenDisplay(display_name.c_str());
  if (display == nullptr) return false;
  broken = false;
  XSetIOErrorExitHandler(
      display, [](::Display*, void* self) { static_cast<Impl*>(self)->broken = true; }, this);
  net_active_window = XInternAtom(display, "_NET_ACTIVE_WINDOW", False);
  net_wm_name = XInternAtom(display, "_NET_WM_NAME", False);
  utf8_string = XInternAtom(display, "UTF8_STRING", False);
  int event_base = 0, error_base = 0;
  has_idle = XScreenSaverQueryExtension(display, &event_base, &error_base) != 0;
  return !broken;
}

void Desktop::Impl::close() {
  if (display != nullptr) XCloseDisplay(display);
  display = nullptr;
}

::Window Desktop::Impl::active_window() {
  const auto data = property(display, DefaultRootWindow(display), net_active_window, XA_WINDOW, 32);
  if (!data || data->size() < sizeof(long)) return 0;
  unsigned long window = 0;
  std::memcpy(&window, data->data(), sizeof(window));
  return window;
}

/// Input often sits in a nameless child; its nearest titled ancestor is what people call the window.
::Window Desktop::Impl::focused_window() {
  ::Window window = 0;
  int revert = 0;
  XGetInputFocus(display, &window, &revert);
  for (int i = 0; i < kMaxAncestors && window > PointerRoot; ++i) {
    if (title_of(window)) return window;
    ::Window root = 0, parent = 0;
    ::Window* raw_children = nullptr;
    unsigned int count = 0;
    if (XQueryTree(display, window, &root, &parent, &raw_children, &count) == 0) return 0;
    const UniqueX<::Window> children(raw_children);
    if (parent == 0 || window == root) return 0;
    window = parent;
  }
  return 0;
}

std::optional<std::string> Desktop::Impl::title_of(::Window window) {
  if (auto utf8 = property(display, window, net_wm_name, utf8_string, 8)) return utf8;
  XTextProperty text{};
  if (XGetWMName(display, window, &text) == 0) return std::nullopt;
  const UniqueX<unsigned char> value(text.value);
  char** raw_list = nullptr;
  int count = 0;
  if (Xutf8TextPropertyToTextList(display, &text, &raw_list, &count) < Success || raw_list == nullptr)
    return std::nullopt;
  const std::unique_ptr<char*, void (*)(char**)> list(raw_list, XFreeStringList);
  return count > 0 ? std::optional<std::string>(raw_list[0]) : std::nullopt;
}

std::string Desktop::Impl::program_of(::Window window) {
  XClassHint hint{};
  if (XGetClassHint(display, window, &hint) == 0) return {};
  const UniqueX<char> instance(hint.res_name);
  const UniqueX<char> program(hint.res_class);
  if (program && *program) return program.get();
  return instance ? instance.get() : "";
}

Desktop::Desktop(std::string display) : impl_(std::make_unique<Impl>()) {
  impl_->display_name = std::move(display);
}
Desktop::~Desktop() {
  impl_->close();
}

Result<Foreground> Desktop::foreground() {
  Impl& x = *impl_;
  if (!x.open()) return fail(ErrorKind::unavailable, "display {} cannot be opened", x.display_name);
  ::Window window = x.active_window();
  if (window == 0) window = x.focused_window();
  Foreground result;
  if (window != 0) {
    result.title = clean_utf8(x.title_of(window).value_or(""), kMaxTextBytes);
    result.program = clean_utf8(x.program_of(window), kMaxTextBytes);
  }
  if (x.broken) return fail(ErrorKind::unavailable, "display {} went away", x.display_name);
  return result;
}

Result<int64_t> Desktop::idle_ms() {
  Impl& x = *impl_;
  if (!x.open()) return fail(ErrorKind::unavailable, "display {} cannot be opened", x.display_name);
  if (!x.has_idle) return 0;
  const UniqueX<XScreenSaverInfo> info(XScreenSaverAllocInfo());
  const bool told = info && XScreenSaverQueryInfo(x.display, DefaultRootWindow(x.display), info.get()) != 0;
  if (x.broken) return fail(ErrorKind::unavailable, "display {} went away", x.display_name);
  return told ? static_cast<int64_t>(info->idle) : 0;
}

std::string account_name() {
  std::string buffer(4096, '\0');
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(geteuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
    return clean_utf8(found->pw_name, kMaxTextBytes);
  }
  return std::to_string(geteuid());
}

}  // namespace mj::agent
