// mingjing believe-clock: a person says that the host's clock is right, so that the purge goes on.
#include <cstdio>

#include "index/index.h"
#include "server/app.h"
#include "server/cli.h"

namespace mj::server {
namespace {

constexpr const char* kCommand = "believe-clock";

int run(const std::string& config_file) {
  init_log("warn");
  const auto settings = load_settings(config_file);
  if (!settings) return could_not_run(kCommand, settings.error().message, false);
  const SystemClock clock;
  const auto told = index::Index::believe_clock(index_directory(*settings));
  if (!told) return could_not_run(kCommand, told.error().message, false);
  fmt::print("it is {}: mingjingd believes it within ten seconds, and deletes by it\n",
             format_rfc3339(clock.now()));
  return kClean;
}

}  // namespace

void add_believe_clock(CLI::App& app, int& exit_code) {
  const auto config_file = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand(kCommand,
                                         "Says that this machine's clock is right. After a jump of the "
                                         "clock, or a long stop, the purge waits as "
                                         "long as the jump was; with this it deletes at once what is old "
                                         "enough. mingjingd may run. Exit code 0: "
                                         "told, 2: could not run.");
  command->add_option("--config", *config_file, "the hall's settings (TOML)")->required();
  command->callback([config_file, &exit_code] { exit_code = run(*config_file); });
}

}  // namespace mj::server
