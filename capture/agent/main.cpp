#include <pthread.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <map>
#include <thread>

#include "capture/agent/agent.h"

namespace {

using namespace mj;

struct Options {
  std::string server;
  std::string workstation;
  std::filesystem::path token_file;
  std::filesystem::path ca_file;
  agent::ScreenSettings agent;
  int interval_seconds = 5;
  std::string log_level = "info";
};

std::string is_an_id(const std::string& text) {
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  const bool good = !text.empty() && text.size() <= 48 && std::ranges::all_of(text, allowed);
  return good ? "" : "expected 1 to 48 of a-z, 0-9 and '-'";
}

void declare(CLI::App& app, Options& options) {
  app.set_config("--config", "", "Read options from this file (name = value)");
  app.add_option("--server", options.server, "The Mingjing server, https://host[:port]")->required();
  app.add_option("--workstation", options.workstation, "This workstation's id in the server's configuration")
      ->required()
      ->check(is_an_id);
  app.add_option("--token-file", options.token_file, "File with this workstation's token")->required();
  app.add_option("--ca-file", options.ca_file,
                 "PEM file to verify the server with (default: the system's authorities)");
  app.add_option("--interval", options.interval_seconds, "Seconds between shots")
      ->check(CLI::Range(1, 600))
      ->capture_default_str();
  app.add_option("--display", options.agent.display, "X display")->envname("DISPLAY")->capture_default_str();
  app.add_option("--source", options.agent.source,
                 "GStreamer source element with its properties (default: the X display itself)");
  app.add_option("--quality", options.agent.quality,
                 "lossless, or near: smaller, sharp, but not the same bits (default: lossless)")
      ->transform(CLI::CheckedTransformer(std::map<std::string, agent::Quality>{
          {"lossless", agent::Quality::lossless}, {"near", agent::Quality::near}}));
  app.add_option("--log-level", options.log_level, "debug, info, warn or error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str();
}

/// Must come before the first thread, so that all of them leave these signals to the waiting one.
sigset_t block_stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

Result<void> run(Options options, const sigset_t& signals) {
  MJ_TRY(Secret token, agent::read_token(options.token_file));
  const SystemClock clock;
  agent::UplinkSettings uplink_settings{.server = options.server,
                                        .ca_file = options.ca_file,
                                        .workstation = options.workstation,
                                        .token = std::move(token)};
  MJ_TRY(auto uplink, agent::Uplink::start(std::move(uplink_settings), clock));
  options.agent.interval = std::chrono::seconds(options.interval_seconds);
  MJ_TRY(agent::Agent agent, agent::Agent::create(options.agent, clock, *uplink));

  std::stop_source stop;
  std::thread waiter([&] {
    name_thread("signals");
    int signal = 0;
    sigwait(&signals, &signal);
    stop.request_stop();
  });
  spdlog::info("{}: a shot of {} every {} s to {}", options.workstation, options.agent.display,
               options.interval_seconds, redact_url(options.server));
  agent.run(stop.get_token());
  waiter.join();
  spdlog::info("stopped");
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const sigset_t signals = block_stop_signals();
  CLI::App app(
      "Records this workstation's screen: a lossless shot every few seconds, with the foreground window's "
      "title.");
  Options options;
  declare(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  init_log(options.log_level);
  name_thread("shots");
  const auto result = run(std::move(options), signals);
  if (result) return 0;
  spdlog::error("{}", result.error().message);
  return 1;
}
