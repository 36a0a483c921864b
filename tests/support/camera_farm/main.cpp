// camera_farm: many RTSP cameras on loopback from one thread, as a load source for recorders. See README.md.
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/camera_farm/server.h"

namespace mj::test::farm {
namespace {

std::atomic<bool> stop_asked = false;
std::atomic<bool> reset_asked = false;

struct Options {
  std::vector<std::string> clips, faults;
  std::string auth, log;
  int mtu = 1400;
  bool tag = false;
  ServerOptions server;
};

void add_options(CLI::App& app, Options& options, Config& config) {
  app.add_option("--clip", options.clips, "NAME=FILE; serves rtsp://127.0.0.1:PORT/NAME/ANYTHING")
      ->required();
  app.add_option("--port", options.server.port, "0: any free port, told on standard error");
  app.add_option("--tick-ms", options.server.tick_ms, "how often due frames are sent")
      ->check(CLI::Range(0.1, 1000.0));
  app.add_option("--mtu", options.mtu, "largest RTP packet")->check(CLI::Range(200, 60000));
  app.add_flag("--tag", options.tag, "stamp each video frame (SEI), see README.md");
  app.add_option("--auth", options.auth, "USER:PASSWORD, digest");
  app.add_flag("--basic", config.basic, "basic authentication instead of digest");
  app.add_option("--fault", options.faults,
                 "PATTERN:K=V,… faults for matching paths (also in the URL: ?K=V&K=V)");
  app.add_option("--phase", config.phase_spread_s, "spread of the cameras' places in the loop; 0: all alike");
  app.add_option("--max-pending", config.max_pending,
                 "unsent bytes kept for a slow reader before frames are dropped");
  app.add_option("--sndbuf", config.send_buffer, "0: the kernel's choice");
  app.add_option("--log", options.log,
                 "CSV, one line per ended session: session,path,cam,start,end,frames,dropped,packets,bytes");
  app.add_option("--stats", options.server.stats_s, "print totals every so many seconds");
  app.add_option("--seconds", options.server.run_s, "exit after that long");
}

std::pair<std::string, std::string> halves(const std::string& text, char separator) {
  const size_t at = text.find(separator);
  if (at == std::string::npos) throw std::invalid_argument(fmt::format("{} has no {}", text, separator));
  return {text.substr(0, at), text.substr(at + 1)};
}

void apply(const Options& options, Config& config) {
  if (!options.auth.empty()) std::tie(config.user, config.password) = halves(options.auth, ':');
  for (const std::string& text : options.faults) {
    const auto [pattern, spec] = halves(text, ':');
    Faults faults;
    faults.parse(spec, ',');
    config.faults.emplace_back(pattern, faults);
  }
  for (const std::string& text : options.clips) {
    const auto [name, file] = halves(text, '=');
    auto clip = Clip::load(name, file, options.mtu, options.tag);
    fmt::print(stderr, "clip {}: {} tracks, {} units, {:.1f} s, {:.2f} Mbit/s\n", name, clip->tracks.size(),
               clip->units.size(), static_cast<double>(clip->loop_us) / 1e6,
               static_cast<double>(clip->bytes.size()) * 8 / static_cast<double>(clip->loop_us));
    config.clips[name] = std::move(clip);
  }
  if (options.log.empty()) return;
  config.log = std::fopen(options.log.c_str(), "ae");
  if (!config.log) throw std::runtime_error("cannot write " + options.log);
}

/// SIGUSR1: every camera resets its connection at once.
void install_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { stop_asked = true; };
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  action.sa_handler = [](int) { reset_asked = true; };
  sigaction(SIGUSR1, &action, nullptr);
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, nullptr);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
}

void raise_file_limit() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

int run(int argc, char** argv) {
  CLI::App app{
      "Many RTSP cameras on loopback from one thread; tests/support/camera_farm/README.md tells all."};
  Options options;
  Config config;
  add_options(app, options, config);
  CLI11_PARSE(app, argc, argv);
  install_signals();
  raise_file_limit();
  apply(options, config);
  {
    Server server(config, options.server);
    fmt::print(stderr, "ready rtsp://127.0.0.1:{}/\n", server.port());
    server.run(stop_asked, reset_asked);
  }
  if (config.log) std::fclose(config.log);
  return 0;
}

}  // namespace
}  // namespace mj::test::farm

int main(int argc, char** argv) {
  try {
    return mj::test::farm::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "camera_farm: {}\n", error.what());
    return 1;
  }
}
