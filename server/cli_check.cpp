// mingjing check: every row has its file, every file its row.
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

struct CheckOptions {
  std::string config_file;
  bool repair = false;
  bool hashes = false;
  bool as_json = false;
};

/// One line that overwrites itself on a terminal, a line now and then elsewhere.
class Progress {
 public:
  explicit Progress(const Clock& clock) : clock_(clock) {}
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
  const Clock& clock_;
  const bool terminal_ = isatty(STDERR_FILENO) == 1;
  SteadyTime next_;
  bool written_ = false;
};

json::object to_json(const index::Finding& finding) {
  return {{"kind", finding.kind},
          {"store", finding.segment.store},
          {"stream", finding.segment.stream},
          {"start_us", to_us(finding.segment.start)},
          {"detail", finding.detail},
          {"healed", finding.healed}};
}

void print_json(const index::CheckReport& report, bool ok) {
  json::array findings;
  for (const auto& finding : report.findings) findings.push_back(to_json(finding));
  const json::object out{{"ok", ok},
                         {"rows", report.rows},
                         {"files", report.files},
                         {"bytes", report.bytes},
                         {"findings", std::move(findings)}};
  fmt::print("{}\n", json::serialize(out));
}

void print_text(const index::CheckReport& report, bool ok) {
  for (const auto& finding : report.findings) {
    if (finding.segment.stream.empty()) {  // of a store, or of a log
      fmt::print("{}:{}{} {}\n", finding.kind, finding.segment.store.empty() ? "" : " ",
                 finding.segment.store, finding.detail);
      continue;
    }
    fmt::print("{}{}: {} {} {}: {}\n", finding.healed ? "healed: " : "", finding.kind, finding.segment.store,
               finding.segment.stream, format_rfc3339(finding.segment.start), finding.detail);
  }
  fmt::print("{}: {} rows, {} files, {} bytes, {} findings\n", ok ? "clean" : "not clean", report.rows,
             report.files, report.bytes, report.findings.size());
}

std::string why_not_open(const Error& error) {
  if (error.kind != ErrorKind::unavailable) return error.message;
  return error.message + "; stop mingjingd first: rows and files are compared at rest";
}

int check(const CheckOptions& options) {
  init_log("warn");
  const auto settings = load_settings(options.config_file);
  if (!settings) return could_not_run("check", settings.error().message, options.as_json);
  const auto directory = index_directory(*settings);
  if (index::is_lost(directory)) {  // to open it would begin a new one
    return could_not_run("check", "there is no index in " + directory.string(), options.as_json);
  }
  const SystemClock clock;
  auto index = index::Index::open(directory, clock);
  if (!index) return could_not_run("check", why_not_open(index.error()), options.as_json);
  Progress progress(clock);
  const auto report = (*index)->check(settings->stores, options.hashes, options.repair, std::ref(progress));
  progress.end();
  if (!report) return could_not_run("check", report.error().message, options.as_json);
  const bool ok =
      std::all_of(report->findings.begin(), report->findings.end(), [](const auto& f) { return f.healed; });
  options.as_json ? print_json(*report, ok) : print_text(*report, ok);
  return ok ? kClean : kFindings;
}

}  // namespace

void add_check(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "check",
      "Compares every row of the index with every file. Exit code 0: clean, 1: findings, 2: could not run.");
  const auto options = std::make_shared<CheckOptions>();
  command->add_option("--config", options->config_file, "the hall's settings (TOML)")->required();
  command->add_flag("--repair", options->repair,
                    "heal what can be healed without losing anything; mingjingd must not run");
  command->add_flag("--hashes", options->hashes, "read every byte and compare the hashes too");
  command->add_flag("--json", options->as_json, "one JSON object on stdout");
  command->callback([options, &exit_code] { exit_code = check(*options); });
}

}  // namespace mj::server
