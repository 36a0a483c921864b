#include <pthread.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <map>
#include <thread>

#include "capture/agent/agent.h"
#include "capture/agent/enrolment.h"

namespace {

using namespace mj;

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kNotRecording = 3;

struct Options {
  agent::EnrolOptions enrol;
  std::filesystem::path state_directory = agent::default_state_directory();
  agent::ScreenSettings screen;
  int interval_seconds = 5;
  int spool_megabytes = 500;
  int64_t kilobytes_per_second = 0;
  std::string reason;
  int64_t pause_seconds = 15 * 60;
  std::string log_level = "info";
};

void declare_enrol(CLI::App& command, Options& options) {
  command.add_option("--server", options.enrol.server, "The Mingjing server, https://host[:port]")
      ->required();
  command.add_option("--code", options.enrol.code, "The code that `mingjing agent enrol` printed")
      ->required();
  command.add_option("--ca-file", options.enrol.ca_file,
                     "PEM file to verify the server with; kept (default: the system's authorities)");
}

void declare_run(CLI::App& command, Options& options) {
  command.add_option("--interval", options.interval_seconds, "Seconds between looks at the screen")
      ->check(CLI::Range(1, 600))
      ->capture_default_str();
  command.add_option("--spool-megabytes", options.spool_megabytes, "Most to keep while the server is away")
      ->check(CLI::Range(50, 100'000))
      ->capture_default_str();
  command
      .add_option("--kilobytes-per-second", options.kilobytes_per_second,
                  "Most to send, on average (default: no bound)")
      ->check(CLI::Range(16, 1'000'000));
  command.add_option("--display", options.screen.display, "X display")
      ->envname("DISPLAY")
      ->capture_default_str();
  command.add_option("--source", options.screen.source,
                     "GStreamer source element with its properties (default: the X display itself)");
  command
      .add_option("--quality", options.screen.quality,
                  "lossless, or near: smaller, sharp, but not the same bits (default: lossless)")
      ->transform(CLI::CheckedTransformer(std::map<std::string, agent::Quality>{
          {"lossless", agent::Quality::lossless}, {"near", agent::Quality::near}}));
  command.add_option("--log-level", options.log_level, "debug, info, warn or error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str();
}

void declare_pause(CLI::App& command, Options& options) {
  command.add_option("--reason", options.reason, "Why; it is recorded")->required();
  command.add_option("--for", options.pause_seconds, "How long: 90s, 15m, 1h; at most 4h (default: 15m)")
      ->transform(CLI::AsNumberWithUnit(std::map<std::string, int64_t>{{"s", 1}, {"m", 60}, {"h", 3600}},
                                        CLI::AsNumberWithUnit::UNIT_REQUIRED));
}

/// Must come before the first thread, so that all of them leave these signals to the waiting one.
sigset_t block_stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

Result<int> run(const Options& options, const sigset_t& signals) {
  const auto& directory = options.state_directory;
  MJ_TRY(const agent::Enrolment enrolment, agent::load_enrolment(directory));
  MJ_TRY(const agent::RunLock lock, agent::RunLock::take(directory));
  const SystemClock clock;
  MJ_TRY(const auto files, agent::open_spool_folder(directory / "spool"));
  MJ_TRY(const auto spool,
         agent::Spool::open(*files, enrolment.key.seed(),
                            {.budget_bytes = int64_t{options.spool_megabytes} * 1'000'000}));
  const auto last = spool->last();
  agent::Timekeeper timekeeper(
      clock, {.offset = last ? last->offset : enrolment.offset, .not_before = last ? last->at : WallTime{}});
  MJ_TRY(const auto uplink, agent::Uplink::start({.server = enrolment.server,
                                                  .ca_file = enrolment.ca_file,
                                                  .workstation = enrolment.workstation,
                                                  .key = enrolment.key,
                                                  .bytes_per_second = options.kilobytes_per_second * 1000},
                                                 clock, *spool, timekeeper));
  agent::ScreenSettings screen = options.screen;
  screen.interval = std::chrono::seconds(options.interval_seconds);
  MJ_TRY(agent::Agent agent, agent::Agent::create({.screen = screen,
                                                   .state_directory = directory,
                                                   .server = redact_url(enrolment.server),
                                                   .workstation = enrolment.workstation},
                                                  {clock, timekeeper, *spool, *uplink}));
  std::stop_source stop;
  std::thread waiter([&] {
    name_thread("signals");
    int signal = 0;
    sigwait(&signals, &signal);
    stop.request_stop();
  });
  spdlog::info("正在记录: {} is recorded as {}, every {} s, to {}", screen.display, enrolment.workstation,
               options.interval_seconds, redact_url(enrolment.server));
  agent.run(stop.get_token());
  waiter.join();
  spdlog::info("stopped");
  return 0;
}

Result<int> enrol(Options options) {
  options.enrol.state_directory = options.state_directory;
  MJ_TRY(const agent::Enrolment enrolment, agent::enrol(options.enrol));
  std::printf("enrolled as %s (agent %s)\n", enrolment.workstation.c_str(), enrolment.agent.c_str());
  return 0;
}

Result<int> status(const Options& options) {
  MJ_CHECK(agent::load_enrolment(options.state_directory));
  const bool running = !agent::RunLock::take(options.state_directory).has_value();
  const auto report =
      agent::report_status(agent::read_status(options.state_directory), running, SystemClock().now());
  std::fputs(report.text.c_str(), stdout);
  return report.recording ? 0 : kNotRecording;
}

Result<int> pause(const Options& options) {
  MJ_CHECK(agent::load_enrolment(options.state_directory));
  const WallTime now = SystemClock().now();
  const WallTime until = now + std::chrono::seconds(options.pause_seconds);
  MJ_CHECK(
      agent::ask_for_pause(options.state_directory, {options.reason, agent::account_name(), until}, now));
  std::printf("paused until %s; the pause and its reason are recorded\n", format_rfc3339(until).c_str());
  return 0;
}

Result<int> resume(const Options& options) {
  MJ_CHECK(agent::load_enrolment(options.state_directory));
  MJ_TRY(const bool ended, agent::end_pause(options.state_directory));
  std::printf("%s\n", ended ? "the pause is over" : "there was no pause");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const sigset_t signals = block_stop_signals();
  Options options;
  CLI::App app("Records this workstation's screen, losslessly, with what it was about.");
  app.set_config("--config", "/etc/mingjing/agent.conf", "Read options from this file (name = value)");
  app.add_option("--state-directory", options.state_directory, "Where enrolment, spool and status are kept")
      ->capture_default_str();
  app.require_subcommand(1);
  app.fallthrough();
  CLI::App* enrolling = app.add_subcommand("enrol", "Make this account's agent known to the server");
  CLI::App* running = app.add_subcommand("run", "Record until told to stop");
  CLI::App* asking = app.add_subcommand("status", "Is it recording? Exit code 0: yes, 3: no");
  CLI::App* pausing = app.add_subcommand("pause", "Stop recording for a while, for a reason");
  CLI::App* resuming = app.add_subcommand("resume", "End a pause");
  declare_enrol(*enrolling, options);
  declare_run(app, options);
  declare_pause(*pausing, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  init_log(options.log_level);
  name_thread("shots");
  const auto result = enrolling->parsed()  ? enrol(options)
                      : running->parsed()  ? run(options, signals)
                      : asking->parsed()   ? status(options)
                      : pausing->parsed()  ? pause(options)
                      : resuming->parsed() ? resume(options)
                                           : Result<int>(kUsage);
  if (result) return *result;
  spdlog::error("{}", result.error().message);
  return kFailed;
}
