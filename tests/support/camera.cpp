#include "tests/support/camera.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <string_view>
#include <utility>

#include "config/base/time.h"
#include "tests/support/painted_code.h"

namespace mj::test {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr guint64 kMostWaiting = 4;

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

bool set_number(CameraOptions& options, std::string_view key, int value) {
  if (key == "width")
    options.width = value;
  else if (key == "height")
    options.height = value;
  else if (key == "fps")
    options.fps = value;
  else if (key == "kbps")
    options.kbps = value;
  else if (key == "skip")
    options.skip_frames = value;
  else if (key == "mirror")
    options.mirror = value != 0;
  else if (key == "stop_after")
    options.stop_after = value;
  else
    return false;
  return true;
}

bool set_text(CameraOptions& options, std::string_view key, std::string_view value) {
  if (key == "name")
    options.name = value;
  else if (key == "codec")
    options.codec = value;
  else if (key == "audio")
    options.audio = value;
  else if (key == "only")
    options.only = value;
  else if (key == "user")
    options.user = value;
  else if (key == "password")
    options.password = value;
  else
    return false;
  return true;
}

bool set_option(CameraOptions& options, std::string_view key, std::string_view value) {
  if (set_text(options, key, value)) return true;
  if (key == "sub") {
    const auto cross = value.find('x');
    if (cross == std::string_view::npos) return false;
    options.sub_width = number(value.substr(0, cross)).value_or(0);
    options.sub_height = number(value.substr(cross + 1)).value_or(0);
    return options.sub_width > 0 && options.sub_height > 0;
  }
  const auto value_number = number(value);
  return value_number && set_number(options, key, *value_number);
}

bool fits(int width, int height) {
  return width % 8 == 0 && height % 2 == 0 && width <= 7680 && height <= 4320;
}

/// "2026-11-21 01:45:12.3": what a person reads off the picture.
std::string clock_text(WallTime wall) {
  std::string text = format_rfc3339(wall);
  text[10] = ' ';
  return text.substr(0, 21) + "Z";
}

void paint(const Picture& picture, WallTime wall, uint16_t frame) {
  const LumaPlane<uint8_t> luma{picture.data, picture.width, picture.height, picture.width};
  paint_code(luma, {wall, frame});
  const int dot = std::max(1, picture.width / 400);
  paint_text(luma, picture.width / 80, picture.height - 10 * dot, dot, clock_text(wall));
}

}  // namespace

Result<CameraOptions> parse_camera(const std::string& text) {
  CameraOptions options;
  for (std::string_view rest = text; !rest.empty();) {
    const auto comma = rest.find(',');
    const std::string_view part = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    const auto equals = part.find('=');
    if (equals == std::string_view::npos ||
        !set_option(options, part.substr(0, equals), part.substr(equals + 1))) {
      return fail(ErrorKind::invalid, "camera option not understood: {}", part);
    }
  }
  if (options.name.empty()) return fail(ErrorKind::invalid, "camera without a name: {}", text);
  if (options.fps == 0 || !fits(options.width, options.height) ||
      !fits(options.sub_width, options.sub_height)) {
    return fail(ErrorKind::invalid, "camera {}: widths are multiples of 8, heights even, fps at least 1",
                options.name);
  }
  return options;
}

Camera::Camera(CameraOptions options, Clip clip)
    : options_(std::move(options)), clip_(std::move(clip)), thread_([this] { work(); }) {}

Result<std::unique_ptr<Camera>> Camera::create(CameraOptions options, const std::string& clip) {
  MJ_TRY(Clip film, Clip::open(clip, options.skip_frames));
  return std::unique_ptr<Camera>(new Camera(std::move(options), std::move(film)));
}

Camera::~Camera() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
  while (!sinks_.empty()) remove_sink(sinks_.size() - 1);
}

void Camera::attach(GstAppSrc* source, int width, int height) {
  {
    std::lock_guard lock(mutex_);
    sinks_.push_back({GST_APP_SRC(gst_object_ref(source)), width, height, -1, 0});
  }
  changed_.notify_all();
}

void Camera::detach(GstAppSrc* source) {
  std::lock_guard lock(mutex_);
  for (std::size_t i = sinks_.size(); i-- > 0;) {
    if (sinks_[i].source == source) remove_sink(i);
  }
}

void Camera::remove_sink(std::size_t index) {
  gst_object_unref(sinks_[index].source);
  sinks_.erase(sinks_.begin() + static_cast<std::ptrdiff_t>(index));
}

void Camera::work() {
  const auto period = nanoseconds(std::chrono::seconds(1)) / options_.fps;
  const double clip_step = clip_.frames_per_second() / options_.fps;
  const auto start = steady_clock::now();
  double clip_due = 0;
  for (int64_t tick = 0;; ++tick) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stop_ || !sinks_.empty(); });
    tick = std::max(tick, (steady_clock::now() - start) / period);  // ticks slept through are no frames
    changed_.wait_until(lock, start + tick * period, [this] { return stop_; });
    if (stop_) return;
    for (clip_due += clip_step; clip_due >= 1; clip_due -= 1) {
      if (!clip_.advance()) return;
    }
    draw_tick(tick);
  }
}

void Camera::draw_tick(int64_t tick) {
  for (std::size_t i = sinks_.size(); i-- > 0;) {
    if (!push(sinks_[i], tick)) remove_sink(i);
  }
}

/// False when the encoder is gone. Before it plays there is no running time to stamp pictures with, and one
/// that cannot keep up misses pictures: nothing is pushed, and the painted number does not rise.
bool Camera::push(Sink& sink, int64_t tick) {
  GstState state = GST_STATE_NULL;
  gst_element_get_state(GST_ELEMENT(sink.source), &state, nullptr, 0);
  if (state != GST_STATE_PLAYING || gst_app_src_get_current_level_buffers(sink.source) >= kMostWaiting)
    return true;
  if (sink.first_tick < 0) {
    sink.first_tick = tick;
    sink.first_time = gst_element_get_current_running_time(GST_ELEMENT(sink.source));
  }
  const auto ticks = static_cast<guint64>(tick - sink.first_tick);
  if (options_.stop_after > 0 && static_cast<int64_t>(ticks) >= options_.stop_after) return true;

  GstBuffer* buffer = gst_buffer_new_allocate(nullptr, Picture::size(sink.width, sink.height), nullptr);
  GstMapInfo map;
  gst_buffer_map(buffer, &map, GST_MAP_WRITE);
  const Picture picture{map.data, sink.width, sink.height};
  clip_.draw(picture, options_.mirror);
  paint(picture, SystemClock().now(), sink.frame++);
  gst_buffer_unmap(buffer, &map);
  GST_BUFFER_PTS(buffer) =
      sink.first_time + gst_util_uint64_scale(ticks, GST_SECOND, static_cast<guint64>(options_.fps));
  GST_BUFFER_DURATION(buffer) = GST_SECOND / static_cast<guint64>(options_.fps);
  return gst_app_src_push_buffer(sink.source, buffer) == GST_FLOW_OK;
}

}  // namespace mj::test
