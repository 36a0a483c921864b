// mingjing hold: what must not be deleted.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>

#include "index/holds.h"
#include "index/index.h"
#include "server/app.h"
#include "server/cli.h"
#include "server/json_out.h"
#include "server/text.h"

namespace mj::server {
namespace {

constexpr const char* kCommand = "hold";
constexpr const char* kLogin = "cli";  // whoever may read the data directory; --by says who that is

struct HoldOptions {
  std::string config_file, case_number, from, to, reason, by;
  std::vector<std::string> streams;
  int64_t hold = 0;
  bool all = false, as_json = false;
};

Result<std::filesystem::path> index_of(const HoldOptions& options) {
  MJ_TRY(const config::Settings settings, load_settings(options.config_file));
  return index_directory(settings);
}

Result<void> expect_plain(const char* option, const std::string& text) {
  if (!is_plain_text(text))
    return fail(ErrorKind::invalid, "{} must be UTF-8 without control characters", option);
  if (text.find_first_not_of(' ') == std::string::npos)
    return fail(ErrorKind::invalid, "{} must not be empty", option);
  return {};
}

Result<WallTime> time_of(const char* option, const std::string& text) {
  const auto time = parse_rfc3339(text);
  if (!time) return fail(ErrorKind::invalid, "{} must be like 2026-11-21T09:45:00+08:00", option);
  return *time;
}

Result<index::HoldOrder> order_of(const HoldOptions& options) {
  MJ_CHECK(expect_plain("--reason", options.reason));
  MJ_CHECK(expect_plain("--by", options.by));
  index::HoldOrder order{options.case_number, options.streams, {}, {}, options.reason, {kLogin, options.by}};
  if (options.streams.empty()) return order;
  MJ_TRY(order.from, time_of("--from", options.from));
  MJ_TRY(order.to, time_of("--to", options.to));
  return order;
}

void print_text(const index::Hold& hold) {
  fmt::print("hold {}  {}  placed {} by {}: {}\n", hold.id,
             hold.case_number.empty() ? "streams" : "case " + hold.case_number, format_rfc3339(hold.placed),
             hold.by.name, hold.reason);
  if (hold.lifted) {
    fmt::print("  lifted {} by {}: {}\n", format_rfc3339(*hold.lifted), hold.lifted_by.name,
               hold.lift_reason);
  }
  for (const auto& span : hold.held) {
    fmt::print("  {}  {} … {}\n", span.stream, format_rfc3339(span.from), format_rfc3339(span.to));
  }
  if (!hold.lifted) {
    fmt::print("  keeps {}{} segments, {} bytes\n", hold.complete ? "" : "more than ", hold.segments,
               hold.bytes);
  }
  for (const auto& gone : hold.gone) {
    fmt::print("  TOO LATE: {}  {} … {}  {} ({})\n", gone.span.stream, format_rfc3339(gone.span.from),
               format_rfc3339(gone.span.to), gone.deleted ? "is deleted" : "is being deleted", gone.rule);
  }
}

void print(const std::vector<index::Hold>& holds, bool as_json) {
  json::array all;
  for (const auto& hold : holds) as_json ? all.push_back(to_json(hold)) : print_text(hold);
  if (as_json) fmt::print("{}\n", json::serialize(json::object{{"ok", true}, {"holds", std::move(all)}}));
}

Result<std::vector<index::Hold>> add(const HoldOptions& options) {
  MJ_TRY(const auto order, order_of(options));
  MJ_TRY(const auto directory, index_of(options));
  MJ_TRY(auto hold, index::Holds::place(directory, order, SystemClock()));
  return std::vector{std::move(hold)};
}

Result<std::vector<index::Hold>> list(const HoldOptions& options) {
  MJ_TRY(const auto directory, index_of(options));
  std::vector<index::Hold> holds;
  index::Holds::Filter filter{.lifted = options.all, .limit = index::Holds::kMost};
  do {
    MJ_TRY(auto page, index::Holds::list(directory, filter));
    std::move(page.holds.begin(), page.holds.end(), std::back_inserter(holds));
    filter.after = page.next;
  } while (filter.after);
  return holds;
}

Result<std::vector<index::Hold>> lift(const HoldOptions& options) {
  MJ_CHECK(expect_plain("--reason", options.reason));
  MJ_CHECK(expect_plain("--by", options.by));
  MJ_TRY(const auto directory, index_of(options));
  MJ_TRY(auto hold,
         index::Holds::lift(directory, options.hold, options.reason, {kLogin, options.by}, SystemClock()));
  return std::vector{std::move(hold)};
}

using Action = Result<std::vector<index::Hold>> (*)(const HoldOptions&);

CLI::App* add_action(CLI::App& command, const char* name, const char* help, Action action,
                     const std::shared_ptr<HoldOptions>& options, int& exit_code) {
  CLI::App* sub = command.add_subcommand(name, help);
  sub->add_option("--config", options->config_file, "the hall's settings (TOML)")->required();
  sub->add_flag("--json", options->as_json, "one JSON object on stdout");
  sub->callback([options, action, &exit_code] {
    init_log("warn");
    const auto holds = action(*options);
    if (holds) print(*holds, options->as_json);
    exit_code = holds ? kClean : could_not_run(kCommand, holds.error().message, options->as_json);
  });
  return sub;
}

void add_who_and_why(CLI::App* sub, HoldOptions& options) {
  sub->add_option("--reason", options.reason, "why; kept for ever")->required();
  sub->add_option("--by", options.by, "name of who orders it; kept for ever")->required();
}

}  // namespace

void add_hold(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(kCommand,
                                         "Footage that no rule deletes until the hold is lifted. mingjingd "
                                         "may run. Exit code 0: done, 2: could not run.");
  command->require_subcommand(1);
  const auto options = std::make_shared<HoldOptions>();
  CLI::App* adding = add_action(*command, "add", "Protects what a case's visits show, or streams for a time",
                                &add, options, exit_code);
  auto* of_case = adding->add_option("--case", options->case_number, "a case number");
  auto* of_streams = adding->add_option("--stream", options->streams, "cam-w1.main; may be repeated");
  auto* from = adding->add_option("--from", options->from, "2026-11-21T09:45:00+08:00");
  auto* to = adding->add_option("--to", options->to, "2026-11-21T10:15:00+08:00");
  of_case->excludes(of_streams);
  of_streams->needs(from)->needs(to);
  from->needs(of_streams);
  to->needs(of_streams);
  add_who_and_why(adding, *options);
  CLI::App* listing = add_action(*command, "list", "Tells what is held, and what of it was gone before",
                                 &list, options, exit_code);
  listing->add_flag("--all", options->all, "lifted holds too");
  CLI::App* lifting = add_action(*command, "lift", "Ends a hold; what no other hold covers may be deleted",
                                 &lift, options, exit_code);
  lifting->add_option("HOLD", options->hold, "its number")->required();
  add_who_and_why(lifting, *options);
}

}  // namespace mj::server
