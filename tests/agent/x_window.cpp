#include "tests/agent/x_window.h"

#include <X11/Xatom.h>
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <X11/extensions/Xrandr.h>

#include <stdexcept>

namespace mj::test {

struct XWindow::Impl {
  void set_property(const char* property, ::Window on, Atom type, int format, const void* data, int items) {
    XChangeProperty(display, on, XInternAtom(display, property, False), type, format, PropModeReplace,
                    static_cast<const unsigned char*>(data), items);
    XSync(display, False);
  }
  [[nodiscard]] ::Window root() const { return DefaultRootWindow(display); }

  ::Display* display = nullptr;
  ::Window window = 0;
  ::Window child = 0;
};

XWindow::XWindow(const std::string& display, const std::string& program) : impl_(std::make_unique<Impl>()) {
  impl_->display = XOpenDisplay(display.c_str());
  if (impl_->display == nullptr) throw std::runtime_error("cannot open " + display);
  impl_->window = XCreateSimpleWindow(impl_->display, impl_->root(), 0, 0, 200, 100, 0, 0, 0);
  impl_->child = XCreateSimpleWindow(impl_->display, impl_->window, 150, 50, 20, 20, 0, 0, 0);
  std::string instance = "instance";
  std::string program_class = program;
  XClassHint hint{instance.data(), program_class.data()};
  XSetClassHint(impl_->display, impl_->window, &hint);
  XMapSubwindows(impl_->display, impl_->window);
  XMapWindow(impl_->display, impl_->window);
  XSync(impl_->display, False);
}

XWindow::~XWindow() {
  XCloseDisplay(impl_->display);
}

void XWindow::set_title(const std::string& utf8) {
  set_raw_title(utf8);
}

void XWindow::set_raw_title(const std::string& bytes) {
  impl_->set_property("_NET_WM_NAME", impl_->window, XInternAtom(impl_->display, "UTF8_STRING", False), 8,
                      bytes.data(), static_cast<int>(bytes.size()));
}

void XWindow::set_old_title(const std::string& latin1) {
  impl_->set_property("WM_NAME", impl_->window, XA_STRING, 8, latin1.data(), static_cast<int>(latin1.size()));
}

void XWindow::activate() {
  const unsigned long window = impl_->window;
  impl_->set_property("_NET_ACTIVE_WINDOW", impl_->root(), XA_WINDOW, 32, &window, 1);
}

void XWindow::activate_nothing_but_focus_a_child() {
  XDeleteProperty(impl_->display, impl_->root(), XInternAtom(impl_->display, "_NET_ACTIVE_WINDOW", False));
  XSetInputFocus(impl_->display, impl_->child, RevertToParent, CurrentTime);
  XSync(impl_->display, False);
}

void XWindow::cover_the_screen() {
  XSetWindowAttributes attributes{};
  attributes.override_redirect = True;
  XChangeWindowAttributes(impl_->display, impl_->window, CWOverrideRedirect, &attributes);
  XMoveResizeWindow(impl_->display, impl_->window, 0, 0,
                    static_cast<unsigned>(DisplayWidth(impl_->display, 0)),
                    static_cast<unsigned>(DisplayHeight(impl_->display, 0)));
  XRaiseWindow(impl_->display, impl_->window);
  XSync(impl_->display, False);
}

void XWindow::point_active_at_a_closed_window() {
  const unsigned long window = XCreateSimpleWindow(impl_->display, impl_->root(), 0, 0, 5, 5, 0, 0, 0);
  XDestroyWindow(impl_->display, window);
  impl_->set_property("_NET_ACTIVE_WINDOW", impl_->root(), XA_WINDOW, 32, &window, 1);
}

void XWindow::fill(uint32_t rgb) {
  XUnmapWindow(impl_->display, impl_->child);
  XSetForeground(impl_->display, DefaultGC(impl_->display, 0), rgb);
  XFillRectangle(impl_->display, impl_->window, DefaultGC(impl_->display, 0), 0, 0, 200, 100);
  XSync(impl_->display, False);
}

void XWindow::fill_pixel(int x, int y, uint32_t rgb) {
  XSetForeground(impl_->display, DefaultGC(impl_->display, 0), rgb);
  XDrawPoint(impl_->display, impl_->window, DefaultGC(impl_->display, 0), x, y);
  XSync(impl_->display, False);
}

void XWindow::type(int x, int y, const std::string& text) {
  XSetForeground(impl_->display, DefaultGC(impl_->display, 0), 0);
  XDrawString(impl_->display, impl_->window, DefaultGC(impl_->display, 0), x, y, text.data(),
              static_cast<int>(text.size()));
  XSync(impl_->display, False);
}

void XWindow::input_happens() {
  XResetScreenSaver(impl_->display);
  XSync(impl_->display, False);
}

void XWindow::move_pointer(int x, int y) {
  XWarpPointer(impl_->display, 0, impl_->root(), 0, 0, 0, 0, x, y);
  XSync(impl_->display, False);
}

void XWindow::screen_saver(bool on) {
  XForceScreenSaver(impl_->display, on ? ScreenSaverActive : ScreenSaverReset);
  XSync(impl_->display, False);
}

void XWindow::xscreensaver_says(const std::string& what) {
  const unsigned long status[] = {XInternAtom(impl_->display, what.c_str(), False), 0, 0};
  impl_->set_property("_SCREENSAVER_STATUS", impl_->root(), XA_INTEGER, 32, status, 3);
}

void XWindow::split_monitors(int left_width) {
  XRRScreenResources* resources = XRRGetScreenResources(impl_->display, impl_->root());
  const int width = DisplayWidth(impl_->display, 0), height = DisplayHeight(impl_->display, 0);
  const auto add = [&](const char* name, int x, int w, bool with_output) {
    XRRMonitorInfo info{};
    info.name = XInternAtom(impl_->display, name, False);
    info.x = x;
    info.width = w;
    info.height = height;
    info.outputs = resources->outputs;
    info.noutput = with_output ? 1 : 0;
    XRRSetMonitor(impl_->display, impl_->root(), &info);
  };
  add("left", 0, left_width, true);
  add("right", left_width, width - left_width, false);
  XRRFreeScreenResources(resources);
  XSync(impl_->display, False);
}

void XWindow::resize_desktop(int width, int height) {
  XRRScreenResources* resources = XRRGetScreenResources(impl_->display, impl_->root());
  std::string name = std::to_string(width) + "x" + std::to_string(height);
  XRRModeInfo mode{};
  mode.width = static_cast<unsigned>(width);
  mode.height = static_cast<unsigned>(height);
  mode.dotClock = 60UL * mode.width * mode.height;
  mode.hTotal = mode.width;
  mode.vTotal = mode.height;
  mode.name = name.data();
  mode.nameLength = static_cast<unsigned>(name.size());
  const RRMode made = XRRCreateMode(impl_->display, impl_->root(), &mode);
  XRRAddOutputMode(impl_->display, resources->outputs[0], made);
  XRRSetCrtcConfig(impl_->display, resources, resources->crtcs[0], CurrentTime, 0, 0, made, RR_Rotate_0,
                   resources->outputs, 1);
  XRRSetScreenSize(impl_->display, impl_->root(), width, height, width, height);
  XRRFreeScreenResources(resources);
  XSync(impl_->display, False);
}

}  // namespace mj::test
