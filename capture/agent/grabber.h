#pragma once

#include <string>

#include "capture/agent/gst_handles.h"

namespace mj::agent {

/// One picture of the desktop: packed B, G, R, x, in memory of its own.
struct Picture {
  UniqueSample sample;
  int width = 0, height = 0;  ///< pixels
  WallTime at;                ///< this machine's clock at the grab
  Duration at_error{0};       ///< the grab happened within `at` ± this
};

/// Takes single pictures of the desktop from a GStreamer source element.
///
/// Owner: the agent; `clock` must outlive it. Thread: one at a time. The source runs only for the instant of
/// a grab: between shots it costs nothing, and each grab sees the desktop's present size and monitors,
/// because the source opens the display anew. Does not: convert, compare, encode. Fails as Result; each grab
/// starts from nothing, so an error is never carried along.
class Grabber {
 public:
  /// `source`: gst-launch syntax of one element with properties, e.g. "ximagesrc display-name=:0
  /// show-pointer=true". Errors: invalid (not installed, unknown property).
  [[nodiscard]] static Result<Grabber> create(const std::string& source, const Clock& clock);

  /// Errors: unavailable (no display, no picture within 5 s), invalid (picture larger than 33 Mpx).
  [[nodiscard]] Result<Picture> grab();

 private:
  Grabber(UniquePipeline pipeline, UniqueElement sink, const Clock& clock)
      : pipeline_(std::move(pipeline)), sink_(std::move(sink)), clock_(&clock) {}
  [[nodiscard]] Result<Picture> pull();

  UniquePipeline pipeline_;
  UniqueElement sink_;  // part of pipeline_
  const Clock* clock_;
};

/// The X11 source for a display (":0"), pointer included. Characters that no display name has are refused:
/// invalid.
[[nodiscard]] Result<std::string> x11_source(const std::string& display);

}  // namespace mj::agent
