// mingjing rebuild-index: the index made anew from the footage's files.
#include <unistd.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>

#include "index/index.h"
#include "server/app.h"
#include "server/cli.h"

namespace mj::server {
namespace {

namespace json = boost::json;

constexpr const char* kCommand = "rebuild-index";

struct RebuildOptions {
  std::string config_file;
  bool as_json = false;
};

json::array texts(const std::vector<std::string>& lines) {
  json::array array;
  for (const std::string& line : lines) array.emplace_back(line);
  return array;
}

void print_json(const index::Rebuilt& rebuilt, bool ok) {
  const json::object out{{"ok", ok},
                         {"segments", rebuilt.adopted.files},
                         {"unreadable", rebuilt.adopted.unreadable},
                         {"old_index", rebuilt.aside.native()},
                         {"carried", texts(rebuilt.carried)},
                         {"lost", texts(rebuilt.lost)}};
  fmt::print("{}\n", json::serialize(out));
}

void print_text(const index::Rebuilt& rebuilt) {
  for (const std::string& sentence : rebuilt.lost) fmt::print("lost: {}\n", sentence);
  if (rebuilt.aside.empty()) {
    fmt::print("there was no old index: cases, visits and accounts are not known\n");
  } else {
    fmt::print("the old index is kept in {}\n", rebuilt.aside.native());
  }
  fmt::print("rebuilt: {} segments, {} unreadable files; {} tables taken over, {} lost\n",
             rebuilt.adopted.files, rebuilt.adopted.unreadable, rebuilt.carried.size(), rebuilt.lost.size());
}

/// One line that overwrites itself on a terminal, a line every five seconds elsewhere.
std::function<void(uint64_t, uint64_t)> progress(const Clock& clock) {
  const bool terminal = isatty(STDERR_FILENO) == 1;
  return [&clock, terminal, next = SteadyTime{}](uint64_t done, uint64_t total) mutable {
    if (total == 0 || (clock.steady_now() < next && done < total)) return;
    next = clock.steady_now() + (terminal ? std::chrono::milliseconds(200) : std::chrono::seconds(5));
    fmt::print(stderr, "{}{}: {} of {} files{}", terminal ? "\r" : "", kCommand, done, total,
               terminal && done < total ? "" : "\n");
    std::fflush(stderr);
  };
}

int run(const RebuildOptions& options) {
  init_log("warn");
  const auto settings = load_settings(options.config_file);
  if (!settings) return could_not_run(kCommand, settings.error().message, options.as_json);
  const SystemClock clock;
  if (index::is_lost(index_directory(*settings))) {
    // What mingjingd will copy from now on is the new index: that must not push out the last of the old one.
    const auto kept = index::Backups::put_newest_aside(settings->backup.directory);
    if (!kept) return could_not_run(kCommand, kept.error().message, options.as_json);
    if (*kept)
      fmt::print(stderr, "{}: the newest copy of the old index is kept as {}\n", kCommand, (*kept)->native());
  }
  const auto rebuilt = index::rebuild(index_directory(*settings), settings->stores, clock, progress(clock));
  if (!rebuilt) return could_not_run(kCommand, rebuilt.error().message, options.as_json);
  const bool ok = rebuilt->lost.empty() && rebuilt->adopted.unreadable == 0;
  options.as_json ? print_json(*rebuilt, ok) : print_text(*rebuilt);
  return ok ? kClean : kFindings;
}

}  // namespace

void add_rebuild_index(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<RebuildOptions>();
  CLI::App* command = app.add_subcommand(
      kCommand,
      "Makes the index anew from the footage's files; cases, visits and accounts are taken over from the old "
      "index, which is kept. mingjingd must not run. Exit code 0: all is there, 1: something could not be "
      "read, 2: could not run.");
  command->add_option("--config", options->config_file, "the hall's settings (TOML)")->required();
  command->add_flag("--json", options->as_json, "one JSON object on stdout");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace mj::server
