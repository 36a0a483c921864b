// What the index costs, on a hall that it makes: see ../README.md.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "tests/bench/index/fill.h"
#include "tests/bench/index/measure.h"

namespace mj::bench {
namespace {

struct Options {
  std::filesystem::path directory;
  double scale = 1;
  int ingest_seconds = 20;
  bool keep = false, json = false;
};

Result<Figures> run(const Options& options) {
  const Scale scale = Scale::of(options.scale);
  const auto hall = options.directory / fmt::format("hall-{}", options.scale);
  Figures figures;
  Result<void> filled;
  if (!std::filesystem::exists(hall / "index.db")) {
    figures["fill_s"] = milliseconds_of([&] { filled = fill(hall, scale); }) / 1'000;
    MJ_CHECK(filled);
  }
  MJ_CHECK(measure_queries(hall, scale, figures));
  MJ_CHECK(measure_ingest(hall, scale, std::chrono::seconds(options.ingest_seconds), figures));
  MJ_CHECK(measure_sizes(hall, figures));
  MJ_CHECK(measure_flatness(options.directory, figures));
  if (!options.keep) std::filesystem::remove_all(hall);
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
