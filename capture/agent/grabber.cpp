#include "capture/agent/grabber.h"

#include <gst/app/gstappsink.h>

namespace mj::agent {

namespace {
constexpr GstClockTime kPatience = 5 * GST_SECOND;
}  // namespace

Result<std::unique_ptr<Grabber>> SourceGrabber::create(const std::string& source, const Clock& clock) {
  // A source that is asked for 25 pictures a second gives its first one within 40 ms; only that one is waited
  // for.
  const std::string description = source +
                                  " ! videoconvert ! video/x-raw,format=BGRx,framerate=[1/1,25/1] ! appsink "
                                  "name=out sync=false max-buffers=1 drop=true";
  MJ_TRY(UniquePipeline pipeline, parse_pipeline(description));
  UniqueElement sink(gst_bin_get_by_name(GST_BIN(pipeline.get()), "out"));
  if (!sink) return fail(ErrorKind::invalid, "\"{}\" is not one source element", source);
  return std::unique_ptr<Grabber>(new SourceGrabber(std::move(pipeline), std::move(sink), clock));
}

SourceGrabber::SourceGrabber(UniquePipeline pipeline, UniqueElement sink, const Clock& clock)
    : pipeline_(std::move(pipeline)), sink_(std::move(sink)), clock_(&clock) {}

SourceGrabber::~SourceGrabber() {
  release();
}

void SourceGrabber::release() {
  if (copy_) gst_video_frame_unmap(&frame_);
  copy_.reset();
}

Result<Picture> SourceGrabber::grab() {
  const WallTime before = clock_->now();
  auto picture = pull();
  if (picture) {
    const Duration took = clock_->now() - before;
    picture->at = before + took / 2;
    picture->taken = clock_->steady_now() - took / 2;
    picture->at_error = took / 2;
  }
  gst_element_set_state(pipeline_.get(), GST_STATE_READY);
  return picture;
}

Result<Picture> SourceGrabber::pull() {
  release();
  if (gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE) {
    return tl::unexpected(bus_error(pipeline_.get(), "the screen cannot be opened").within("grab"));
  }
  const UniqueSample shared(gst_app_sink_try_pull_sample(GST_APP_SINK(sink_.get()), kPatience));
  if (!shared) return tl::unexpected(bus_error(pipeline_.get(), "no picture within 5 s").within("grab"));
  GstVideoInfo info;
  GstCaps* caps = gst_sample_get_caps(shared.get());
  if (caps == nullptr || !gst_video_info_from_caps(&info, caps))
    return fail(ErrorKind::invalid, "grab: not a raw picture");
  const int64_t pixels = int64_t{info.width} * info.height;
  if (pixels <= 0 || pixels > kMaxPixels) {
    return fail(ErrorKind::invalid, "grab: {}×{} is more than {} pixels", info.width, info.height,
                kMaxPixels);
  }
  // The source's own memory goes away when it is stopped.
  UniqueBuffer copy(gst_buffer_copy_deep(gst_sample_get_buffer(shared.get())));
  if (!copy || !gst_video_frame_map(&frame_, &info, copy.get(), GST_MAP_READ))
    return fail(ErrorKind::no_space, "grab: no memory for {}×{}", info.width, info.height);
  copy_ = std::move(copy);
  Picture picture;
  picture.pixels = static_cast<const uint8_t*>(frame_.data[0]);
  picture.stride = frame_.info.stride[0];
  picture.width = info.width;
  picture.height = info.height;
  return picture;
}

}  // namespace mj::agent
