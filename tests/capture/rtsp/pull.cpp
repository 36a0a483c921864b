// Reads N cameras with the RTSP engine and throws everything away: what receiving costs, and what arrives.
// rtsp_pull N URL-PREFIX SECONDS [THREADS] [udp]     (camera i is URL-PREFIX/camNNN)

#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "capture/rtsp/engine.h"

namespace {

using namespace mj;
using namespace mj::capture;

/// Counts, and forgets each unit when a second's worth is there, as a fragment would.
class Counter final : public rtsp::MediaSink, private rtsp::UnitSink {
 public:
  uint64_t frames = 0, keys = 0, bytes = 0, gaps = 0, reads = 0, ends = 0;
  std::string last_end;

  void on_connecting() override {}
  void on_play(const rtsp::Track&, const rtsp::Track*) override {}
  rtsp::UnitSink& video() override { return *this; }
  rtsp::UnitSink& audio() override { return *this; }
  void on_arrival(SteadyTime) override { ++reads; }
  void on_sender_report(rtsp::Track::Kind, const rtsp::SenderReport&, SteadyTime) override {}
  void on_ended(GapCause cause, const std::string& detail, Duration) override {
    ++ends;
    last_end = std::string(name(cause)) + ": " + detail;
  }

 private:
  Bytes& payload() override { return payload_; }
  void on_unit(const rtsp::Unit& unit) override {
    ++frames;
    if (unit.key) ++keys;
    if (unit.after_gap) ++gaps;
    bytes += unit.bytes;
    if (frames % 25 == 0) payload_.clear();
  }
  Bytes payload_;
};

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "rtsp_pull N URL-PREFIX SECONDS [THREADS] [udp]\n");
    return 2;
  }
  const int cameras = std::atoi(argv[1]);
  const int seconds = std::atoi(argv[3]);
  rtsp::EngineOptions options;
  if (argc > 4) options.threads = std::atoi(argv[4]);
  SystemClock clock;
  std::vector<Counter> sinks(static_cast<std::size_t>(cameras));
  rtsp::Engine engine(clock, options);
  for (int i = 0; i < cameras; ++i) {
    const auto url = rtsp::parse_url(fmt::format("{}/cam{:03}", argv[2], i));
    if (!url) return 2;
    rtsp::StreamSpec spec;
    spec.stream = fmt::format("cam{:03}.main", i);
    spec.url = *url;
    spec.udp = argc > 5;
    engine.add(std::move(spec), sinks[static_cast<std::size_t>(i)]);
  }
  engine.start();
  // The storm of connecting is not what is measured.
  std::this_thread::sleep_for(std::chrono::seconds(2 + cameras / 18));
  rusage before{}, after{};
  uint64_t frames_before = 0, reads_before = 0;
  for (const auto& sink : sinks) frames_before += sink.frames, reads_before += sink.reads;
  getrusage(RUSAGE_SELF, &before);
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  getrusage(RUSAGE_SELF, &after);
  uint64_t frames = 0, reads = 0, gaps = 0, ends = 0;
  for (const auto& sink : sinks)
    frames += sink.frames, reads += sink.reads, gaps += sink.gaps, ends += sink.ends;
  engine.stop();
  const double user = seconds_of(after.ru_utime) - seconds_of(before.ru_utime);
  const double system = seconds_of(after.ru_stime) - seconds_of(before.ru_stime);
  const double camera_seconds = static_cast<double>(cameras) * seconds;
  std::printf(
      "cpu_ms_per_camera_second=%.3f (user %.3f sys %.3f) frames_per_camera_second=%.2f reads_per_frame=%.2f "
      "gaps=%llu ends=%llu rss_kB=%ld %s\n",
      (user + system) * 1000 / camera_seconds, user * 1000 / camera_seconds, system * 1000 / camera_seconds,
      static_cast<double>(frames - frames_before) / camera_seconds,
      static_cast<double>(reads - reads_before) /
          static_cast<double>(std::max<uint64_t>(frames - frames_before, 1)),
      static_cast<unsigned long long>(gaps), static_cast<unsigned long long>(ends), after.ru_maxrss,
      sinks.empty() ? "" : sinks[0].last_end.c_str());
  return 0;
}
