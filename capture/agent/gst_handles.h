#pragma once

#include <gst/gst.h>
#include <gst/video/video.h>

#include <memory>
#include <string>

#include "config/config.h"

/// Owners for GStreamer's handles, and what both pipelines of the agent need.
namespace mj::agent {

template <class T, void (*Free)(T*)>
struct GstFree {
  void operator()(T* handle) const { Free(handle); }
};

inline void free_element(GstElement* element) {
  gst_element_set_state(element, GST_STATE_NULL);
  gst_object_unref(element);
}
inline void free_object(GstElement* element) {
  gst_object_unref(element);
}

using UniquePipeline =
    std::unique_ptr<GstElement, GstFree<GstElement, free_element>>;  ///< stopped, then released
using UniqueElement = std::unique_ptr<GstElement, GstFree<GstElement, free_object>>;
using UniqueSample = std::unique_ptr<GstSample, GstFree<GstSample, gst_sample_unref>>;
using UniqueBuffer = std::unique_ptr<GstBuffer, GstFree<GstBuffer, gst_buffer_unref>>;
using UniqueCaps = std::unique_ptr<GstCaps, GstFree<GstCaps, gst_caps_unref>>;
using UniqueMessage = std::unique_ptr<GstMessage, GstFree<GstMessage, gst_message_unref>>;

/// Initialises GStreamer once for the process. Thread-safe.
void init_gstreamer();

/// A pipeline from gst-launch syntax. Errors: invalid (syntax, or an element that is not installed: named).
[[nodiscard]] Result<UniquePipeline> parse_pipeline(const std::string& description);

/// The first error that waits on the pipeline's bus, or `otherwise`.
[[nodiscard]] Error bus_error(GstElement* pipeline, std::string otherwise);

}  // namespace mj::agent
