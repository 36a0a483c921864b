#include "tests/agent/x_window.h"

#include <X11/Xatom.h>
#include <X11/Xlib.h>
#include <X11/Xutil.h>

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

void XWindow::input_happens() {
  XResetScreenSaver(impl_->display);
  XSync(impl_->display, False);
}

}  // namespace mj::test
