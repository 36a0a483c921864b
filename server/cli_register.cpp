// mingjing register: who looked at what, when, and whether anybody changed that.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>

#include "index/register.h"
#include "server/app.h"
#include "server/cli.h"
#include "server/json_out.h"

namespace mj::server {
namespace {

constexpr const char* kCommand = "register";

struct RegisterOptions {
  std::string config_file, from, to, login;
  bool as_json = false;
};

Result<std::optional<WallTime>> moment(const char* option, const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto time = parse_rfc3339(text);
  if (!time) return fail(ErrorKind::invalid, "{} must be like 2026-11-21T09:45:00+08:00", option);
  return *time;
}

void print_text(const index::RegisterEntry& entry) {
  fmt::print("{}  {}  {} ({})  {}", entry.number, format_rfc3339(entry.at), entry.login, entry.name,
             entry.action);
  if (!entry.stream.empty()) fmt::print("  {}", entry.stream);
  if (entry.from || entry.to) {
    fmt::print("  {} … {}", entry.from ? format_rfc3339(*entry.from) : "",
               entry.to ? format_rfc3339(*entry.to) : "");
  }
  if (!entry.about.empty()) fmt::print("  {}", entry.about);
  fmt::print("{}{}\n", entry.reason.empty() ? "" : ": ", entry.reason);
}

Result<int> run(const RegisterOptions& options) {
  index::Register::Filter filter;
  MJ_TRY(filter.from, moment("--from", options.from));
  MJ_TRY(filter.to, moment("--to", options.to));
  filter.login = options.login;
  filter.limit = index::Register::kMost;
  MJ_TRY(const auto settings, load_settings(options.config_file));
  const auto directory = index_directory(settings);
  json::array entries;
  do {
    MJ_TRY(const auto page, index::Register::list(directory, filter));
    for (const auto& entry : page.entries)
      options.as_json ? entries.push_back(to_json(entry)) : print_text(entry);
    filter.after = page.next;
  } while (filter.after);
  MJ_TRY(const auto troubles, index::Register::troubles(directory));
  if (options.as_json) {
    fmt::print("{}\n",
               json::serialize(json::object{{"ok", troubles.empty()},
                                            {"entries", std::move(entries)},
                                            {"troubles", json::array(troubles.begin(), troubles.end())}}));
    return troubles.empty() ? kClean : kFindings;
  }
  for (const auto& trouble : troubles) fmt::print("CHANGED: {}\n", trouble);
  if (troubles.empty()) fmt::print("the register is whole: every line names the one before it\n");
  return troubles.empty() ? kClean : kFindings;
}

}  // namespace

void add_register(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      kCommand,
      "Who looked at what, newest first, and whether the register is whole. mingjingd may run. Exit code 0: "
      "whole, 1: a line was changed or is missing, 2: could not run.");
  const auto options = std::make_shared<RegisterOptions>();
  command->add_option("--config", options->config_file, "the hall's settings (TOML)")->required();
  command->add_option("--from", options->from, "done from then on, as 2026-11-21T09:45:12+08:00");
  command->add_option("--to", options->to, "done before, RFC 3339");
  command->add_option("--login", options->login, "of one account");
  command->add_flag("--json", options->as_json, "one JSON object on stdout");
  command->callback([options, &exit_code] {
    init_log("warn");
    const auto done = run(*options);
    exit_code = done ? *done : could_not_run(kCommand, done.error().message, options->as_json);
  });
}

}  // namespace mj::server
