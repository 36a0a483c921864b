// mingjing: the command line of a hall.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>

#include "config/config.h"
#include "index/index.h"
#include "server/app.h"
#include "server/version.h"

namespace {

namespace json = boost::json;

constexpr int kClean = 0;
constexpr int kFindings = 1;
constexpr int kCouldNotRun = 2;

struct CheckOptions {
  std::string config_file;
  bool repair = false;
  bool hashes = false;
  bool as_json = false;
};

/// One line that overwrites itself on a terminal, a line now and then elsewhere.
class Progress {
 public:
  explicit Progress(const mj::Clock& clock) : clock_(clock) {}
  void operator()(uint64_t done, uint64_t total) {
    const auto now = clock_.steady_now();
    if (now < next_ && done < total) return;
    next_ = now + (terminal_ ? std::chrono::milliseconds(200) : std::chrono::milliseconds(5000));
    fmt::print(stderr, "{}check: {} of {} segments{}", terminal_ ? "\r" : "", done, total,
               terminal_ ? "" : "\n");
    std::fflush(stderr);
    written_ = true;
  }
  void end() const {
    if (terminal_ && written_) fmt::print(stderr, "\n");
  }

 private:
  const mj::Clock& clock_;
  const bool terminal_ = isatty(STDERR_FILENO) == 1;
  mj::SteadyTime next_;
  bool written_ = false;
};

int could_not_run(const std::string& why, bool as_json) {
  if (as_json) fmt::print("{}\n", json::serialize(json::object{{"ok", false}, {"error", why}}));
  fmt::print(stderr, "mingjing check: {}\n", why);
  return kCouldNotRun;
}

json::object to_json(const mj::index::Finding& finding) {
  return {{"kind", finding.kind},
          {"store", finding.segment.store},
          {"stream", finding.segment.stream},
          {"start_us", mj::to_us(finding.segment.start)},
          {"detail", finding.detail},
          {"healed", finding.healed}};
}

void print_json(const mj::index::CheckReport& report, bool ok) {
  json::array findings;
  for (const auto& finding : report.findings) findings.push_back(to_json(finding));
  const json::object out{{"ok", ok},
                         {"rows", report.rows},
                         {"files", report.files},
                         {"bytes", report.bytes},
                         {"findings", std::move(findings)}};
  fmt::print("{}\n", json::serialize(out));
}

void print_text(const mj::index::CheckReport& report, bool ok) {
  for (const auto& finding : report.findings) {
    fmt::print("{}{}: {} {} {}: {}\n", finding.healed ? "healed: " : "", finding.kind, finding.segment.store,
               finding.segment.stream, mj::format_rfc3339(finding.segment.start), finding.detail);
  }
  fmt::print("{}: {} rows, {} files, {} bytes, {} findings\n", ok ? "clean" : "not clean", report.rows,
             report.files, report.bytes, report.findings.size());
}

std::string why_not_open(const mj::Error& error) {
  if (error.kind != mj::ErrorKind::unavailable) return error.message;
  return error.message + "; stop mingjingd first: rows and files are compared at rest";
}

int check(const CheckOptions& options) {
  mj::init_log("warn");
  const mj::config::LoadResult loaded = mj::config::load(options.config_file);
  if (!loaded.problems.empty()) return could_not_run(loaded.problems.front().to_string(), options.as_json);
  const auto directory = mj::server::index_directory(loaded.settings);
  if (std::error_code ignored; !std::filesystem::exists(directory, ignored)) {
    return could_not_run("there is no index in " + directory.string(), options.as_json);
  }
  const mj::SystemClock clock;
  auto index = mj::index::Index::open(directory, clock);
  if (!index) return could_not_run(why_not_open(index.error()), options.as_json);
  Progress progress(clock);
  const auto report =
      (*index)->check(loaded.settings.stores, options.hashes, options.repair, std::ref(progress));
  progress.end();
  if (!report) return could_not_run(report.error().message, options.as_json);
  const bool ok =
      std::all_of(report->findings.begin(), report->findings.end(), [](const auto& f) { return f.healed; });
  options.as_json ? print_json(*report, ok) : print_text(*report, ok);
  return ok ? kClean : kFindings;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("mingjing: what an operator does with a hall's footage and index", "mingjing");
  app.set_version_flag("--version", mj::server::version());
  app.require_subcommand(1);
  CheckOptions options;
  CLI::App* command = app.add_subcommand(
      "check",
      "Compares every row of the index with every file. Exit code 0: clean, 1: findings, 2: could not run.");
  command->add_option("--config", options.config_file, "the hall's settings (TOML)")->required();
  command->add_flag("--repair", options.repair,
                    "heal what can be healed without losing anything; mingjingd must not run");
  command->add_flag("--hashes", options.hashes, "read every byte and compare the hashes too");
  command->add_flag("--json", options.as_json, "one JSON object on stdout");
  CLI11_PARSE(app, argc, argv);
  try {
    return check(options);
  } catch (const std::exception& problem) {
    return could_not_run(problem.what(), options.as_json);
  }
}
