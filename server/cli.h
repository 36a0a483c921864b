#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "config/config.h"

namespace mj::server {

/// The commands of `mingjing`, one file each. add_…() makes the subcommand; when it is chosen on the command
/// line it runs while `app` parses, and leaves its exit code. `exit_code` must outlive `app`. An exception
/// ends as kCouldNotRun in main().
void add_agent(CLI::App& app, int& exit_code);
void add_believe_clock(CLI::App& app, int& exit_code);
void add_check(CLI::App& app, int& exit_code);
void add_coverage(CLI::App& app, int& exit_code);
void add_hold(CLI::App& app, int& exit_code);
void add_import(CLI::App& app, int& exit_code);
void add_index_size(CLI::App& app, int& exit_code);
void add_rebuild_index(CLI::App& app, int& exit_code);
void add_register(CLI::App& app, int& exit_code);
void add_sql_schema(CLI::App& app, int& exit_code);

inline constexpr int kClean = 0;
inline constexpr int kFindings = 1;
inline constexpr int kCouldNotRun = 2;

/// What every command begins with. Errors: invalid, the first problem of the file.
[[nodiscard]] Result<config::Settings> load_settings(const std::string& config_file);

/// Says why on stderr, as JSON on stdout too if that was asked for. Returns kCouldNotRun.
int could_not_run(const char* command, const std::string& why, bool as_json);

}  // namespace mj::server
