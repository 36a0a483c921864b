#include "capture/agent/desktop.h"

#include <X11/Xatom.h>
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <X11/extensions/Xrandr.h>
#include <X11/extensions/scrnsaver.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "capture/agent/utf8.h"
#include "capture/agent/x_connection.h"

namespace mj::agent {

namespace {

constexpr std::size_t kMaxTextBytes = 512;
constexpr int kMaxAncestors = 16;
constexpr std::size_t kMaxMonitors = 16;
/// Programs that lock the screen by a window over all of it and tell no service. They raise it above all
/// others.
constexpr std::string_view kLockers[] = {"i3lock", "xsecurelock"};
constexpr unsigned kMostOnTop = 8;
constexpr int kRim = 1;  // xsecurelock leaves one pixel free on each side

struct XFreer {
  void operator()(void* memory) const { XFree(memory); }
};
template <class T>
using UniqueX = std::unique_ptr<T, XFreer>;

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

/// A window that no window manager placed, over the whole screen.
bool covers(const XWindowAttributes& window, const XWindowAttributes& screen) {
  return window.map_state == IsViewable && window.override_redirect != 0 && window.x <= kRim &&
         window.y <= kRim && window.x + window.width >= screen.width - kRim &&
         window.y + window.height >= screen.height - kRim;
}

}  // namespace

struct Desktop::Impl {
  Result<void> open();
  ::Window active_window();
  ::Window focused_window();
  std::optional<std::string> title_of(::Window window);
  std::string program_of(::Window window);
  bool xscreensaver_locks();
  std::string covering_locker();

  XConnection connection;
  ::Display* display = nullptr;  ///< of connection
  bool has_idle = false, has_monitors = false;
  Atom net_active_window = 0, net_wm_name = 0, utf8_string = 0, screensaver_status = 0, lock = 0;
};

Result<void> Desktop::Impl::open() {
  MJ_TRY(const bool anew, connection.open());
  if (!anew) return {};
  display = connection.get();
  net_active_window = XInternAtom(display, "_NET_ACTIVE_WINDOW", False);
  net_wm_name = XInternAtom(display, "_NET_WM_NAME", False);
  utf8_string = XInternAtom(display, "UTF8_STRING", False);
  screensaver_status = XInternAtom(display, "_SCREENSAVER_STATUS", False);
  lock = XInternAtom(display, "LOCK", False);
  int event_base = 0, error_base = 0, major = 0, minor = 0;
  has_idle = XScreenSaverQueryExtension(display, &event_base, &error_base) != 0;
  has_monitors = XRRQueryExtension(display, &event_base, &error_base) != 0 &&
                 XRRQueryVersion(display, &major, &minor) != 0 && (major > 1 || minor >= 5);
  if (connection.broken()) return tl::unexpected(connection.went_away());
  return {};
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

/// xscreensaver covers the screen with windows of its own, which the server's screen saver does not know of.
bool Desktop::Impl::xscreensaver_locks() {
  const auto data = property(display, DefaultRootWindow(display), screensaver_status, XA_INTEGER, 32);
  if (!data || data->size() < sizeof(long)) return false;
  unsigned long state = 0;
  std::memcpy(&state, data->data(), sizeof(state));
  return state == lock;
}

/// The locker whose window hides the desktop; empty: none.
std::string Desktop::Impl::covering_locker() {
  ::Window root = 0, parent = 0;
  ::Window* raw_windows = nullptr;
  unsigned int count = 0;
  XWindowAttributes screen{}, window{};
  if (XQueryTree(display, DefaultRootWindow(display), &root, &parent, &raw_windows, &count) == 0) return {};
  const UniqueX<::Window> windows(raw_windows);
  if (XGetWindowAttributes(display, root, &screen) == 0) return {};
  for (unsigned i = 0; i < std::min(count, kMostOnTop); ++i) {
    const ::Window each = windows.get()[count - 1 - i];
    if (XGetWindowAttributes(display, each, &window) == 0 || !covers(window, screen)) continue;
    std::string program = program_of(each);
    if (std::ranges::find(kLockers, program) != std::end(kLockers)) return program;
  }
  return {};
}

Desktop::Desktop(std::string display) : impl_(new Impl{XConnection(std::move(display))}) {}
Desktop::~Desktop() = default;

Result<Foreground> Desktop::foreground() {
  Impl& x = *impl_;
  MJ_CHECK(x.open());
  ::Window window = x.active_window();
  if (window == 0) window = x.focused_window();
  Foreground result;
  if (window != 0) {
    result.title = clean_utf8(x.title_of(window).value_or(""), kMaxTextBytes);
    result.program = clean_utf8(x.program_of(window), kMaxTextBytes);
  }
  if (x.connection.broken()) return tl::unexpected(x.connection.went_away());
  return result;
}

Result<std::vector<Monitor>> Desktop::monitors() {
  Impl& x = *impl_;
  MJ_CHECK(x.open());
  std::vector<Monitor> result;
  int count = 0;
  const std::unique_ptr<XRRMonitorInfo, void (*)(XRRMonitorInfo*)> infos(
      x.has_monitors ? XRRGetMonitors(x.display, DefaultRootWindow(x.display), True, &count) : nullptr,
      XRRFreeMonitors);
  for (int i = 0; infos && i < count && result.size() < kMaxMonitors; ++i) {
    const XRRMonitorInfo& info = infos.get()[i];
    result.push_back({info.x, info.y, info.width, info.height});
  }
  if (x.connection.broken()) return tl::unexpected(x.connection.went_away());
  return result;
}

Result<Attention> Desktop::attention() {
  Impl& x = *impl_;
  MJ_CHECK(x.open());
  Attention result;
  const UniqueX<XScreenSaverInfo> info(x.has_idle ? XScreenSaverAllocInfo() : nullptr);
  if (info && XScreenSaverQueryInfo(x.display, DefaultRootWindow(x.display), info.get()) != 0) {
    result.idle_ms = static_cast<int64_t>(info->idle);
    if (info->state == ScreenSaverOn) result.covered_by = "the X server's screen saver is on";
  }
  if (x.xscreensaver_locks()) result.covered_by = "xscreensaver has locked the screen";
  if (const std::string locker = x.covering_locker(); !locker.empty())
    result.covered_by = locker + " has locked the screen";
  if (x.connection.broken()) return tl::unexpected(x.connection.went_away());
  return result;
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
