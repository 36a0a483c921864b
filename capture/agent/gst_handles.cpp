#include "capture/agent/gst_handles.h"

#include <mutex>

namespace mj::agent {

void init_gstreamer() {
  static std::once_flag once;
  std::call_once(once, [] { gst_init(nullptr, nullptr); });
}

Result<UniquePipeline> parse_pipeline(const std::string& description) {
  init_gstreamer();
  GError* raw_error = nullptr;
  GstElement* element =
      gst_parse_launch_full(description.c_str(), nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &raw_error);
  const std::unique_ptr<GError, GstFree<GError, g_error_free>> error(raw_error);
  if (element == nullptr || error) {
    if (element != nullptr) gst_object_unref(element);
    return fail(ErrorKind::invalid, "pipeline \"{}\": {}", description,
                error ? error->message : "no element");
  }
  gst_object_ref_sink(element);
  return UniquePipeline(element);
}

Error bus_error(GstElement* pipeline, std::string otherwise) {
  const std::unique_ptr<GstBus, GstFree<void, gst_object_unref>> bus(gst_element_get_bus(pipeline));
  const UniqueMessage message(gst_bus_pop_filtered(bus.get(), GST_MESSAGE_ERROR));
  if (!message) return {ErrorKind::unavailable, std::move(otherwise)};
  GError* raw_error = nullptr;
  gst_message_parse_error(message.get(), &raw_error, nullptr);
  const std::unique_ptr<GError, GstFree<GError, g_error_free>> error(raw_error);
  return {ErrorKind::unavailable, fmt::format("{}: {}", GST_MESSAGE_SRC_NAME(message.get()), error->message)};
}

}  // namespace mj::agent
