#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gst/app/gstappsrc.h>

#include "tests/support/clip.h"

namespace mj::test {

struct CameraOptions {
  std::string name;
  int width = 1280, height = 720;
  int sub_width = 0, sub_height = 0;  ///< 0: no sub stream
  int fps = 10;
  int kbps = 1500;             ///< of the main stream
  std::string codec = "h264";  ///< or "h265"
  std::string audio;           ///< "", "alaw", "mulaw" or "aac"
  std::string only;            ///< "tcp" or "udp": the other is answered with 461
  std::string user, password;
  bool mirror = false;
  int skip_frames = 0;     ///< where in the clip it begins
  int64_t stop_after = 0;  ///< frames after which it hangs, connections open; 0: never
};

/// "name=w1,width=1280,sub=640x360". Errors: invalid, naming the part.
[[nodiscard]] Result<CameraOptions> parse_camera(const std::string& text);

/// A camera's eye: draws the clip with the wall clock and the painted code, at the camera's cadence, into
/// whatever encoders are attached, and rests while there are none. Owner: the server, longer than any
/// attached encoder. Thread: one of its own; attach() and detach() from any. Does not: encode or serve.
/// Fails: an encoder that refuses a picture is detached.
class Camera {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Camera>> create(CameraOptions options, const std::string& clip);
  ~Camera();
  Camera(const Camera&) = delete;
  Camera& operator=(const Camera&) = delete;

  /// Takes a reference on `source`; its pictures are width × height.
  void attach(GstAppSrc* source, int width, int height);
  void detach(GstAppSrc* source);
  [[nodiscard]] const CameraOptions& options() const { return options_; }

 private:
  struct Sink {
    GstAppSrc* source = nullptr;
    int width = 0, height = 0;
    int64_t first_tick = -1;      // of its first picture
    GstClockTime first_time = 0;  // running time of that picture
    uint16_t frame = 0;           // pictures pushed, as painted
  };

  Camera(CameraOptions options, Clip clip);
  void work();
  void draw_tick(int64_t tick);
  [[nodiscard]] bool push(Sink& sink, int64_t tick);
  void remove_sink(std::size_t index);

  const CameraOptions options_;
  Clip clip_;  // the thread's
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Sink> sinks_;  // under mutex_
  bool stop_ = false;        // under mutex_
  std::thread thread_;
};

}  // namespace mj::test
