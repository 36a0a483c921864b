// mingjing agent: which agents may send a workstation's screen.
#include <algorithm>
#include <cstdio>

#include "index/index.h"
#include "server/agent_door.h"
#include "server/app.h"
#include "server/cli.h"
#include "server/digests.h"

namespace mj::server {
namespace {

constexpr const char* kCommand = "agent";
constexpr Duration kCodeLifetime = std::chrono::hours(24);
constexpr std::size_t kCodeBytes = 10;  // 80 bits
constexpr std::size_t kGroup = 4;

struct AgentOptions {
  std::string config_file, workstation;
};

/// "K7QM-2XHA-9DRW-TC4F": digits and letters, none of which look like another (Crockford's base 32).
std::string make_code() {
  constexpr std::string_view kLetters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  const std::string hex = random_hex(kCodeBytes);
  std::string code;
  unsigned bits = 0;
  int held = 0;
  for (const char c : hex) {
    bits = bits << 4 | static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
    for (held += 4; held >= 5; held -= 5) {
      if (code.size() % (kGroup + 1) == kGroup) code += '-';
      code += kLetters[bits >> (held - 5) & 31];
    }
  }
  return code;
}

/// In which the workstation stands, if one was named.
Result<config::Settings> settings_for(const AgentOptions& options) {
  MJ_TRY(auto settings, load_settings(options.config_file));
  const auto& all = settings.workstations;
  if (options.workstation.empty() ||
      std::ranges::find(all, options.workstation, &config::Workstation::id) != all.end())
    return std::move(settings);
  return fail(ErrorKind::not_found, "no [[workstations]] has the id \"{}\"", options.workstation);
}

Result<void> enrol(const AgentOptions& options) {
  MJ_TRY(const config::Settings settings, settings_for(options));
  const std::string code = make_code();
  const WallTime now = SystemClock().now();
  MJ_CHECK(index::Agents::add_code(index_directory(settings), options.workstation, sha256(folded_code(code)),
                                   now, now + kCodeLifetime));
  fmt::print("{}\n", code);
  fmt::print(stderr,
             "good once, until {}. On workstation {}:\n"
             "  mingjing-agent enrol --server URL --code {}\n",
             format_rfc3339(now + kCodeLifetime), options.workstation, code);
  return {};
}

std::string when(const std::optional<WallTime>& time) {
  return time ? format_rfc3339(*time).substr(0, 19) + "Z" : "never";
}

void print(const index::AgentReport& report) {
  const index::Agent& agent = report.agent;
  fmt::print("{}  agent {}  enrolled {}  heard {}  durable {}  next {}  missing {}  chain breaks {}{}{}\n",
             agent.workstation, agent.id, when(agent.enrolled), when(agent.heard), report.durable,
             report.durable + 1, report.missing, report.breaks, report.thinned ? "  thinned" : "",
             agent.revoked ? "  revoked " + when(agent.revoked) : "");
}

Result<void> list(const AgentOptions& options) {
  MJ_TRY(const config::Settings settings, settings_for(options));
  MJ_TRY(const auto agents, index::Agents::list(index_directory(settings)));
  for (const auto& report : agents) print(report);
  for (const auto& workstation : settings.workstations) {
    const bool enrolled = std::ranges::any_of(agents, [&](const index::AgentReport& report) {
      return report.agent.workstation == workstation.id && !report.agent.revoked;
    });
    if (!enrolled)
      fmt::print("{}  no agent; `mingjing agent enrol {}` gives a code\n", workstation.id, workstation.id);
  }
  return {};
}

Result<void> revoke(const AgentOptions& options) {
  // Not only those of the settings: a workstation may have been taken out of them first.
  MJ_TRY(const config::Settings settings, load_settings(options.config_file));
  MJ_TRY(const int revoked,
         index::Agents::revoke(index_directory(settings), options.workstation, SystemClock().now()));
  if (revoked == 0) return fail(ErrorKind::not_found, "no agent is enrolled for {}", options.workstation);
  fmt::print("the agent of {} is let in no more, from its next request on\n", options.workstation);
  return {};
}

void add_action(CLI::App& command, const char* name, const char* help,
                Result<void> (*action)(const AgentOptions&), bool workstation, int& exit_code) {
  const auto options = std::make_shared<AgentOptions>();
  CLI::App* sub = command.add_subcommand(name, help);
  if (workstation)
    sub->add_option("WORKSTATION", options->workstation, "as in [[workstations]] of the settings")
        ->required();
  sub->add_option("--config", options->config_file, "the hall's settings (TOML)")->required();
  sub->callback([options, action, &exit_code] {
    init_log("warn");
    const auto done = action(*options);
    exit_code = done ? kClean : could_not_run(kCommand, done.error().message, false);
  });
}

}  // namespace

void add_agent(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(kCommand,
                                         "Which agents may send a workstation's screen. mingjingd may run. "
                                         "Exit code 0: done, 2: could not run.");
  command->require_subcommand(1);
  add_action(*command, "enrol", "Prints a code that enrols one agent for the workstation, within 24 hours",
             &enrol, true, exit_code);
  add_action(*command, "list", "Tells every agent and how far its entries are durable", &list, false,
             exit_code);
  add_action(*command, "revoke", "Lets the workstation's agent in no more; drops its unused code", &revoke,
             true, exit_code);
}

}  // namespace mj::server
