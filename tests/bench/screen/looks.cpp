// The agent's look at a desktop (capture/agent/screen.h), one per line of standard input, with a clock that
// goes on only when a line says so: eight hours of a clerk's day in a few minutes. What each look says is
// answered as a line of JSON and appended, numbered and chained as an agent would, to a file that the server
// takes.
//   look SECONDS   the time goes on, then one look     pointer X Y   the mouse goes there
//   saver on|off   the X server's screen saver         expect        digest of the desktop in 4:4:4 by
//   another grabber, without looking
#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <time.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <sstream>

#include "capture/agent/colour.h"
#include "capture/agent/crypto.h"
#include "capture/agent/screen.h"
#include "capture/agent/x11_grabber.h"

#include <X11/Xlib.h>  // last: it defines words that others use

namespace {

using namespace mj;

class ScriptedClock final : public Clock {
 public:
  explicit ScriptedClock(WallTime start) : now_(start) {}
  [[nodiscard]] WallTime now() const override { return now_; }
  [[nodiscard]] SteadyTime steady_now() const override { return steady_; }
  void pass(Duration time) {
    now_ += time;
    steady_ += time;
  }

 private:
  WallTime now_;
  SteadyTime steady_{std::chrono::hours(1)};
};

double cpu_ms() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

/// The yardstick: JPEG, quality 75, 4:2:0, as libjpeg-turbo makes it.
class Jpeg {
 public:
  explicit Jpeg(const agent::Picture& like) {
    pipeline_ = std::move(*agent::parse_pipeline(
        fmt::format("appsrc name=in format=time "
                    "caps=video/x-raw,format=BGRx,width={},height={},framerate=1/1 ! videoconvert ! "
                    "video/x-raw,format=I420 ! jpegenc quality=75 ! appsink name=out sync=false",
                    like.width, like.height)));
    in_.reset(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "in"));
    out_.reset(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "out"));
    gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
  }
  std::size_t bytes_of(const agent::Picture& picture) {
    const auto bytes = static_cast<gsize>(picture.stride) * static_cast<gsize>(picture.height);
    GstBuffer* buffer = gst_buffer_new_allocate(nullptr, bytes, nullptr);
    gst_buffer_fill(buffer, 0, picture.pixels, bytes);
    gst_app_src_push_buffer(GST_APP_SRC(in_.get()), buffer);
    const agent::UniqueSample sample(gst_app_sink_try_pull_sample(GST_APP_SINK(out_.get()), 10 * GST_SECOND));
    return sample ? gst_buffer_get_size(gst_sample_get_buffer(sample.get())) : 0;
  }

 private:
  agent::UniquePipeline pipeline_;
  agent::UniqueElement in_, out_;
};

std::string digest_of(const agent::Picture& picture) {
  const auto pixels = static_cast<std::size_t>(picture.width) * picture.height;
  Bytes planes(3 * pixels);
  for (int y = 0; y < picture.height; ++y) {
    uint8_t* row = planes.data() + static_cast<std::size_t>(y) * picture.width;
    agent::bgrx_to_yuv444(picture.row(y), picture.width, row, row + pixels, row + 2 * pixels);
  }
  return to_hex(agent::sha256(planes));
}

class Looks {
 public:
  Looks(const std::string& display, const agent::ScreenSettings& settings, WallTime start,
        const std::string& out)
      : clock_(start),
        screen_(std::move(*agent::Screen::create(settings, clock_))),
        again_(display, system_),
        other_(std::move(
            *agent::SourceGrabber::create("ximagesrc show-pointer=true display-name=" + display, system_))),
        display_(XOpenDisplay(display.c_str())),
        out_(out, std::ios::binary) {}

  void command(const std::string& line) {
    std::istringstream words(line);
    std::string verb, word;
    words >> verb;
    if (verb == "look") {
      double seconds = 0;
      words >> seconds;
      look(std::chrono::microseconds(std::llround(seconds * 1e6)));
    } else if (verb == "expect") {
      const auto picture = other_->grab();
      fmt::print("{{\"sha\":\"{}\"}}\n", picture ? digest_of(*picture) : "");
    } else if (verb == "pointer") {
      int x = 0, y = 0;
      words >> x >> y;
      XWarpPointer(display_, 0, DefaultRootWindow(display_), 0, 0, 0, 0, x, y);
      XSync(display_, False);
      fmt::print("{{}}\n");
    } else if (verb == "saver") {
      words >> word;
      XForceScreenSaver(display_, word == "on" ? ScreenSaverActive : ScreenSaverReset);
      XSync(display_, False);
      fmt::print("{{}}\n");
    }
    std::cout.flush();
    std::fflush(stdout);
  }

 private:
  void look(Duration passed) {
    clock_.pass(passed);
    const double before = cpu_ms();
    auto seen = screen_.look(false);
    const double cost = cpu_ms() - before;
    if (!seen) return fmt::print("{{\"kind\":\"\",\"cpu_ms\":{:.3f}}}\n", cost);
    agent::Entry& entry = seen->entry;
    entry.at = entry.agent_time;
    const Bytes encoded = agent::encode_entry(entry, ++number_, previous_);
    previous_ = agent::chain_hash(encoded);
    out_.write(reinterpret_cast<const char*>(encoded.data()), static_cast<std::streamsize>(encoded.size()));
    out_.flush();
    const bool shot = entry.kind == agent::EntryKind::shot;
    std::size_t jpeg = 0;
    if (shot && entry.input_sha256 != last_) {
      last_ = entry.input_sha256;
      const auto picture = again_.grab();
      if (picture && !jpeg_) jpeg_.emplace(*picture);
      if (picture) jpeg = jpeg_->bytes_of(*picture);
    }
    const char* kind = shot                                   ? "shot"
                       : entry.kind == agent::EntryKind::same ? "same"
                                                              : agent::wire_name(entry.state);
    fmt::print(
        "{{\"kind\":\"{}\",\"key\":{},\"changed\":{},\"bytes\":{},\"entry\":{},\"jpeg\":{},\"cpu_ms\":{:.3f},"
        "\"sha\":\"{}\"}}\n",
        kind, entry.key, jpeg > 0, entry.access_unit.size(), encoded.size(), jpeg, cost, entry.input_sha256);
  }

  const SystemClock system_;
  ScriptedClock clock_;
  agent::Screen screen_;
  agent::X11Grabber again_;
  std::unique_ptr<agent::Grabber> other_;
  ::Display* display_;
  std::ofstream out_;
  std::optional<Jpeg> jpeg_;
  uint64_t number_ = 0;
  Digest previous_{};
  std::string last_;  ///< digest of the last shot
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("One look at a desktop per line of standard input");
  std::string display, out;
  int64_t start_us = 0;
  bool near = false;
  app.add_option("--display", display)->required();
  app.add_option("--out", out, "Entries, one after the other")->required();
  app.add_option("--start-us", start_us, "What the clock shows at the beginning")->required();
  app.add_flag("--near", near, "Quality near instead of lossless");
  CLI11_PARSE(app, argc, argv);
  mj::init_log("warn");
  mj::agent::init_gstreamer();
  mj::agent::ScreenSettings settings{.display = display};
  if (near) settings.quality = mj::agent::Quality::near;
  Looks looks(display, settings, mj::from_us(start_us), out);
  std::cout << "{}\n" << std::flush;  // ready
  for (std::string line; std::getline(std::cin, line);) looks.command(line);
}
