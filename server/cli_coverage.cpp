// mingjing coverage: every second of every stream, footage or a gap with its cause.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <map>

#include "index/index.h"
#include "server/app.h"
#include "server/cli.h"
#include "server/json_out.h"

namespace mj::server {
namespace {

namespace json = boost::json;

constexpr Duration kUsualSpan = std::chrono::hours(24);
// The ledger ends now by itself; asked up to a moment that is just over, it would tell an open gap as closed.
constexpr Duration kAhead = std::chrono::minutes(1);

struct CoverageOptions {
  std::string config_file;
  std::string from, to;
  std::string stream;
  bool as_json = false;
};

/// What the ledger of one stream adds up to. Footage, gaps and purged time are [from, until): 100 %.
struct Account {
  StreamKey stream;
  index::Coverage coverage;
  Duration footage{0};
  Duration missing{0};
  Duration purged{0};  ///< lawfully deleted: not missing
  std::map<std::string, Duration> by_cause;
};

Account account_of(StreamKey stream, index::Coverage coverage) {
  Account account{std::move(stream), std::move(coverage), {}, {}, {}, {}};
  for (const index::Span& span : account.coverage.footage) account.footage += span.end - span.begin;
  for (const index::Gap& gap : account.coverage.gaps) {
    const Duration length = gap.end.value_or(account.coverage.until) - gap.begin;
    account.missing += length;
    account.by_cause[name(gap.cause)] += length;
  }
  for (const index::Purged& part : account.coverage.purged) account.purged += part.end - part.begin;
  return account;
}

double seconds_of(Duration duration) {
  return static_cast<double>(duration.count()) / 1e6;
}

double percent_of(const Account& account) {
  const Duration whole = account.footage + account.missing + account.purged;
  return whole.count() == 0 ? 0 : 100.0 * seconds_of(account.footage) / seconds_of(whole);
}

void print_text(const std::vector<Account>& accounts, WallTime from) {
  for (const Account& account : accounts) {
    const WallTime until = account.coverage.until;
    fmt::print("{}  {} … {}  footage {:.3f} s ({:.3f} %), gaps {:.3f} s, purged {:.3f} s\n", account.stream,
               format_rfc3339(from), format_rfc3339(until), seconds_of(account.footage), percent_of(account),
               seconds_of(account.missing), seconds_of(account.purged));
    for (const index::Purged& part : account.coverage.purged) {
      fmt::print("  {}  {:>12.3f} s  purged: {}\n", format_rfc3339(part.begin),
                 seconds_of(part.end - part.begin), index::sentence(part));
    }
    for (const index::Gap& gap : account.coverage.gaps) {
      fmt::print("  {}  {:>12.3f} s  {}{}{}\n", format_rfc3339(gap.begin),
                 seconds_of(gap.end.value_or(until) - gap.begin), name(gap.cause),
                 gap.end ? ": " : ", still open: ", gap.detail);
    }
  }
}

void print_json(const std::vector<Account>& accounts, WallTime from, WallTime to) {
  json::array streams;
  for (const Account& account : accounts) {
    json::object causes;
    for (const auto& [cause, length] : account.by_cause) causes[cause] = length.count();
    json::object one = to_json(account.coverage);
    one["stream"] = account.stream;
    one["footage_us"] = account.footage.count();
    one["purged_us"] = account.purged.count();
    one["missing_us"] = account.missing.count();
    one["missing_by_cause_us"] = std::move(causes);
    streams.push_back(std::move(one));
  }
  fmt::print("{}\n",
             json::serialize(json::object{
                 {"ok", true}, {"from_us", to_us(from)}, {"to_us", to_us(to)}, {"streams", streams}}));
}

/// Errors: invalid, with the option's name.
Result<WallTime> moment(const char* option, const std::string& text, WallTime otherwise) {
  if (text.empty()) return otherwise;
  auto parsed = parse_rfc3339(text);
  if (parsed) return *parsed;
  return fail(ErrorKind::invalid, "{}: {} (expected a moment such as 2026-11-21T09:45:12+08:00)", option,
              parsed.error().message);
}

Result<int> run(const CoverageOptions& options) {
  const SystemClock clock;
  MJ_TRY(const WallTime to, moment("--to", options.to, clock.now()));
  MJ_TRY(const WallTime from, moment("--from", options.from, to - kUsualSpan));
  if (from >= to) return fail(ErrorKind::invalid, "--from must be before --to");
  MJ_TRY(const auto settings, load_settings(options.config_file));
  const WallTime ask_up_to = options.to.empty() ? to + kAhead : to;
  MJ_TRY(auto ledger, index::read_ledger(index_directory(settings), options.stream, from, ask_up_to, clock));
  std::vector<Account> accounts;
  for (auto& [stream, coverage] : ledger) accounts.push_back(account_of(stream, std::move(coverage)));
  options.as_json ? print_json(accounts, from, to) : print_text(accounts, from);
  return std::ranges::any_of(accounts, [](const Account& account) { return account.missing > Duration{0}; })
             ? kFindings
             : kClean;
}

}  // namespace

void add_coverage(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "coverage",
      "Accounts for every second: footage, a gap with its cause, or purged by which rule. mingjingd may run; "
      "what it has not yet put into closed "
      "segments is not told. Exit code 0: no gaps, 1: gaps, 2: could not run.");
  const auto options = std::make_shared<CoverageOptions>();
  command->add_option("--config", options->config_file, "the hall's settings (TOML)")->required();
  command->add_option("--from", options->from,
                      "RFC 3339, as 2026-11-21T09:45:12+08:00; 24 hours before --to if left out");
  command->add_option("--to", options->to, "RFC 3339; now if left out");
  command->add_option("--stream", options->stream, "one stream, as cam-w1.main; all if left out");
  command->add_flag("--json", options->as_json, "one JSON object on stdout");
  command->callback([options, &exit_code] {
    init_log("warn");
    const auto done = run(*options);
    exit_code = done ? *done : could_not_run("coverage", done.error().message, options->as_json);
  });
}

}  // namespace mj::server
