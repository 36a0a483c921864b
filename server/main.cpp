// mingjingd: records, indexes, serves.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>

#include "config/config.h"
#include "server/app.h"
#include "server/feeds/moment.h"
#include "server/version.h"

namespace {

struct Options {
  std::string config_file;
  std::string log_level = "info";
  bool check_config = false;
};

int tell_problems(const mj::config::LoadResult& loaded, std::FILE* out) {
  for (const auto& problem : loaded.problems) fmt::print(out, "{}\n", problem.to_string());
  return loaded.problems.empty() ? 0 : 1;
}

int check_config(const mj::config::LoadResult& loaded) {
  if (const int problems = tell_problems(loaded, stdout)) return problems;
  const auto& settings = loaded.settings;
  fmt::print("ok: {} windows, {} cameras, {} workstations, {} stores\n", settings.windows.size(),
             settings.cameras.size(), settings.workstations.size(), settings.stores.size());
  return 0;
}

/// Blocked before the first thread starts, so that every thread inherits it and only run() takes them.
sigset_t block_stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);  // a client that goes away is an error code, not the end
  return signals;
}

int run(const Options& options) {
  const sigset_t stop_signals = block_stop_signals();
  mj::init_log(options.log_level);
  mj::config::LoadResult loaded = mj::config::load(options.config_file);
  if (options.check_config) return check_config(loaded);
  if (const int problems = tell_problems(loaded, stderr)) return problems;
  mj::server::use_time_zone(loaded.settings.hall.timezone);
  const mj::SystemClock clock;
  return mj::server::App(std::move(loaded.settings), clock).run(stop_signals);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "mingjingd: records the cameras and screens of a hall, indexes them, serves them to those entitled",
      "mingjingd");
  Options options;
  app.add_option("--config", options.config_file, "the hall's settings (TOML)")->required();
  app.add_flag("--check-config", options.check_config,
               "only print every problem of the settings; exit code 0 or 1");
  app.add_option("--log-level", options.log_level, "debug, info, warn or error (default: info)")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
  app.set_version_flag("--version", mj::server::version());
  CLI11_PARSE(app, argc, argv);
  try {
    return run(options);
  } catch (const std::exception& problem) {
    fmt::print(stderr, "mingjingd: {}\n", problem.what());
    return 4;
  }
}
