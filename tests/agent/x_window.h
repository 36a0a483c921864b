#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace mj::test {

/// A window of one colour on an X display, and the part of a window manager that tells which window is
/// active.
class XWindow {
 public:
  XWindow(const std::string& display, const std::string& program);
  ~XWindow();
  XWindow(const XWindow&) = delete;
  XWindow& operator=(const XWindow&) = delete;

  void set_title(const std::string& utf8);        ///< _NET_WM_NAME
  void set_old_title(const std::string& latin1);  ///< WM_NAME alone
  void set_raw_title(const std::string& bytes);   ///< _NET_WM_NAME, whatever the bytes are
  void activate();                                ///< _NET_ACTIVE_WINDOW of the root window
  void activate_nothing_but_focus_a_child();      ///< no _NET_ACTIVE_WINDOW; the focus is in a nameless child
  void fill(uint32_t rgb);  ///< all of it, at once; it covers the screen's upper left 200 × 100
  void fill_pixel(int x, int y, uint32_t rgb);
  void type(int x, int y, const std::string& text);  ///< in black, by the server's own font
  void cover_the_screen();  ///< past any window manager, as lockers and screenshot tools do
  void point_active_at_a_closed_window();
  void input_happens();  ///< resets the idle time

  // The desktop around it:
  void move_pointer(int x, int y);
  void screen_saver(bool on);                       ///< the X server's own
  void xscreensaver_says(const std::string& what);  ///< its property of the root window: "LOCK", "BLANK"
  void split_monitors(int left_width);              ///< two side by side instead of one, on the same desktop
  void resize_desktop(int width, int height);       ///< as when a monitor of another size is plugged in

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mj::test
