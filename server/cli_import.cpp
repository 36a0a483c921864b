// mingjing import: case facts of a file, into the index or to the mingjingd that has it open.
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "index/index.h"
#include "server/app.h"
#include "server/cli.h"
#include "server/feeds/importer.h"
#include "server/feeds/moment.h"
#include "server/feeds/post_client.h"

namespace mj::server {
namespace {

constexpr const char* kCommand = "import";

struct ImportOptions {
  std::string file;
  std::string config_file;
  std::string feed;
  std::string mapping_file;
  bool dry_run = false;
};

/// Where events go, and what must live as long.
struct Door {
  std::unique_ptr<index::Index> index;
  std::unique_ptr<PostClient> client;
  EventSink sink;
  const char* name = "";
};

/// Nobody else has the index open: it is written directly. Else mingjingd runs and is asked.
Result<Door> open_door(const config::Settings& settings, const config::Feed& feed, const Clock& clock) {
  Door door;
  auto opened = index::Index::open(index_directory(settings), clock);
  if (opened) {
    door.index = std::move(*opened);
    MJ_CHECK(door.index->apply(settings));
    door.sink = [&index = *door.index, id = feed.id](const auto& events) {
      return index::Feeds(index).take_rows(id, events);
    };
    door.name = "into the index";
    return door;
  }
  if (opened.error().kind != ErrorKind::unavailable) return tl::unexpected(opened.error());
  door.client = std::make_unique<PostClient>(settings, feed);
  door.sink = [&client = *door.client](const auto& events) { return client.post(events); };
  door.name = "through mingjingd";
  return door;
}

std::function<bool(size_t, size_t)> progress(const Clock& clock) {
  const bool terminal = isatty(STDERR_FILENO) == 1;
  return [&clock, terminal, next = SteadyTime{}](size_t done, size_t total) mutable {
    if (total == 0 || (clock.steady_now() < next && done < total)) return true;
    next = clock.steady_now() + (terminal ? std::chrono::milliseconds(200) : std::chrono::seconds(5));
    fmt::print(stderr, "{}{}: {} %{}", terminal ? "\r" : "", kCommand, done * 100 / total,
               terminal && done < total ? "" : "\n");
    std::fflush(stderr);
    return true;
  };
}

void print(const ImportReport& report, const char* where) {
  if (where == nullptr) {
    for (const auto& event : report.preview) fmt::print("{}\n", event);
    fmt::print("dry run, nothing was stored: {} rows, {} events, {} refused\n", report.rows, report.events,
               report.refused);
  } else {
    fmt::print("{} ({})\n", report.summary(), where);
  }
  for (const auto& problem : report.problems) fmt::print("{}\n", problem.to_string());
  const auto unlisted = report.refused - static_cast<int64_t>(report.problems.size());
  if (unlisted > 0) fmt::print("… and {} more\n", unlisted);
}

/// Errors: those of the file as a whole, of the mapping, of the index.
Result<int> import_file(const ImportOptions& options, const config::Settings& settings) {
  const auto feed = std::ranges::find(settings.feeds, options.feed, &config::Feed::id);
  if (feed == settings.feeds.end()) {
    return fail(ErrorKind::invalid, "--feed: there is no [[feeds]] entry \"{}\" in the settings",
                options.feed);
  }
  std::optional<config::Mapping> mapping = feed->mapping;
  if (!options.mapping_file.empty()) {
    auto loaded = config::load_mapping(options.mapping_file);
    if (!loaded.problems.empty()) {
      std::string all;
      for (const auto& problem : loaded.problems) all += (all.empty() ? "" : "\n  ") + problem.to_string();
      return fail(ErrorKind::invalid, "{}", all);
    }
    mapping = std::move(loaded.mapping);
  }
  MJ_TRY(std::string bytes, read_import_file(options.file));
  const SystemClock clock;
  Door door;
  if (options.dry_run) {
    door.sink = [&settings](const auto& events) { return look_only(settings, events); };
  } else {
    MJ_TRY(door, open_door(settings, *feed, clock));
  }
  const config::Mapping used = mapping.value_or(config::plain_mapping());
  Importer importer({settings, *feed, used, clock}, door.sink);
  const auto done = import_bytes(importer, used, mapping.has_value(), std::move(bytes), progress(clock));
  print(importer.report(), options.dry_run ? nullptr : door.name);
  if (!done) {
    const char* advice = importer.report().accepted == 0
                             ? ""
                             : ". What was stored stays; run it again, nothing is stored twice";
    return fail(done.error().kind, "{}: {}{}", options.file, done.error().message, advice);
  }
  return importer.report().refused == 0 ? kClean : kFindings;
}

int run(const ImportOptions& options) {
  init_log("warn");
  const auto settings = load_settings(options.config_file);
  if (!settings) return could_not_run(kCommand, settings.error().message, false);
  use_time_zone(settings->hall.timezone);
  const auto done = import_file(options, *settings);
  return done ? *done : could_not_run(kCommand, done.error().message, false);
}

}  // namespace

void add_import(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<ImportOptions>();
  CLI::App* command = app.add_subcommand(
      kCommand,
      "Takes case facts from a file: CSV (UTF-8 or GB18030, as Excel exports it), JSON, or JSON one object a "
      "line. mingjingd may run: then they go through it. Running it again stores nothing twice. Exit code 0: "
      "all taken, 1: some rows were refused, 2: could not run.");
  command->add_option("FILE", options->file, "the file")->required();
  command->add_option("--config", options->config_file, "the hall's settings (TOML)")->required();
  command->add_option("--feed", options->feed, "the [[feeds]] entry whose facts these are")->required();
  command->add_option(
      "--mapping", options->mapping_file,
      "which column is what (TOML); else the feed's own `mapping`, else columns are named like "
      "the fields of POST /api/v1/events");
  command->add_flag("--dry-run", options->dry_run,
                    "stores nothing: shows the first events and every problem by line and column");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace mj::server
