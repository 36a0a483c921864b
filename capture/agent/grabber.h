#pragma once

#include <memory>
#include <string>

#include "capture/agent/gst_handles.h"
#include "capture/agent/picture.h"

namespace mj::agent {

/// Takes single pictures of the desktop.
///
/// Owner: Screen; the clock must outlive it. Thread: one at a time. Between grabs it costs nothing, and each
/// grab sees the desktop's present size and monitors. Does not: convert, compare, encode. Fails as Result;
/// an error is never carried along: the next grab begins anew.
class Grabber {
 public:
  virtual ~Grabber() = default;
  /// The desktop as it is now. Its pixels stand until the next grab. Errors: unavailable (no display, no
  /// picture), invalid (more than 33 Mpx, pixels of another kind).
  [[nodiscard]] virtual Result<Picture> grab() = 0;

 protected:
  Grabber() = default;
  Grabber(const Grabber&) = delete;
  Grabber& operator=(const Grabber&) = delete;
};

/// Any GStreamer source element. It runs only for the instant of a grab, so that it opens the desktop as it
/// is now; that makes it the dearer way (README.md).
class SourceGrabber final : public Grabber {
 public:
  /// `source`: gst-launch syntax of one element with properties, e.g. "ximagesrc display-name=:0
  /// show-pointer=true". Errors: invalid (not installed, unknown property).
  [[nodiscard]] static Result<std::unique_ptr<Grabber>> create(const std::string& source, const Clock& clock);
  ~SourceGrabber() override;

  [[nodiscard]] Result<Picture> grab() override;

 private:
  SourceGrabber(UniquePipeline pipeline, UniqueElement sink, const Clock& clock);
  [[nodiscard]] Result<Picture> pull();
  void release();

  UniquePipeline pipeline_;
  UniqueElement sink_;  // part of pipeline_
  const Clock* clock_;
  UniqueBuffer copy_;    // what the last picture shows,
  GstVideoFrame frame_;  // mapped as long as copy_ is there
};

}  // namespace mj::agent
