// What the index costs, on a hall that it makes: see ../README.md.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "tests/bench/index/fill.h"
#include "tests/bench/index/measure.h"
#include "tests/bench/index/truth.h"

namespace mj::bench {
namespace {

struct Options {
  std::filesystem::path directory;
  double scale = 1;
  int ingest_seconds = 20;
  int first_day = 1;
  std::string phases = "hall,flat,links";
  bool keep = false, json = false;
  [[nodiscard]] bool runs(const char* phase) const { return phases.find(phase) != std::string::npos; }
};

constexpr int kDays = 5;  // of known truth
constexpr int kCounters = 60;

/// How many of the links are right on days of known truth; each mistake goes to standard error.
Result<void> measure_links(const Options& options, bool queue, Figures& figures) {
  Judged all;
  for (int day = options.first_day; day < options.first_day + kDays; ++day) {
    const auto directory = options.directory / fmt::format("links-{}-{}", queue ? "queue" : "inferred", day);
    std::filesystem::remove_all(directory);
    MJ_TRY(const auto judged, judge(directory, true_day(static_cast<uint64_t>(day), kCounters, queue)));
    all.add(judged);
    std::filesystem::remove_all(directory);
  }
  const std::string key = queue ? "queue" : "inferred";
  for (const auto& mistake : all.mistakes) fmt::print(stderr, "links, {}: wrong: {}\n", key, mistake);
  for (const auto& [rule, count] : all.rules)
    fmt::print(stderr, "links, {}: {:>32} {:>6} right {:>5} wrong\n", key, rule, count.right, count.wrong);
  figures["precision_" + key] = all.precision();
  figures["recall_" + key] = all.recall();
  return {};
}

Result<void> measure_hall(const Options& options, Figures& figures) {
  const Scale scale = Scale::of(options.scale);
  const auto hall = options.directory / fmt::format("hall-{}", options.scale);
  Result<void> filled;
  if (!std::filesystem::exists(hall / "index.db")) {
    figures["fill_s"] = milliseconds_of([&] { filled = fill(hall, scale); }) / 1'000;
    MJ_CHECK(filled);
  }
  MJ_CHECK(measure_queries(hall, scale, figures));
  MJ_CHECK(measure_ingest(hall, scale, std::chrono::seconds(options.ingest_seconds), figures));
  MJ_CHECK(measure_sizes(hall, figures));
  if (!options.keep) std::filesystem::remove_all(hall);
  return {};
}

Result<Figures> run(const Options& options) {
  Figures figures;
  if (options.runs("links")) {
    MJ_CHECK(measure_links(options, true, figures));
    MJ_CHECK(measure_links(options, false, figures));
  }
  if (options.runs("hall")) MJ_CHECK(measure_hall(options, figures));
  if (options.runs("flat")) MJ_CHECK(measure_flatness(options.directory, figures));
  return figures;
}

}  // namespace
}  // namespace mj::bench

int main(int argc, char** argv) {
  mj::bench::Options options;
  CLI::App app("what the index costs", "index_bench");
  app.add_option("--directory", options.directory, "where the hall's index is made")->required();
  app.add_option("--scale", options.scale, "1: 20 million segments, a million cases")
      ->check(CLI::Range(0.001, 1.0));
  app.add_option("--ingest-seconds", options.ingest_seconds, "how long rows are written, twice")
      ->check(CLI::Range(1, 3600));
  app.add_option("--first-day", options.first_day, "of the five of known truth; any number is another day")
      ->check(CLI::Range(1, 1'000'000));
  app.add_option("--phases", options.phases, "of hall, flat, links; all of them when not given");
  app.add_flag("--json", options.json, "for symmetry: the last line on stdout is one JSON object anyway");
  app.add_flag("--keep", options.keep, "leave the hall's index for the next time");
  CLI11_PARSE(app, argc, argv);
  mj::init_log("info");
  const auto figures = mj::bench::run(options);
  if (!figures) {
    fmt::print(stderr, "index_bench: {}\n", figures.error().message);
    return 1;
  }
  std::string text;
  for (const auto& [key, value] : *figures)
    text += fmt::format("{}\"{}\":{:.6g}", text.empty() ? "" : ",", key, value);
  fmt::print("{{{}}}\n", text);
  return 0;
}
