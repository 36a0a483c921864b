// mingjing: the command line of a hall.
#include "server/cli.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>

#include "server/version.h"

namespace mj::server {

int could_not_run(const char* command, const std::string& why, bool as_json) {
  namespace json = boost::json;
  if (as_json) fmt::print("{}\n", json::serialize(json::object{{"ok", false}, {"error", why}}));
  fmt::print(stderr, "mingjing {}: {}\n", command, why);
  return kCouldNotRun;
}

Result<config::Settings> load_settings(const std::string& config_file) {
  auto loaded = config::load(config_file);
  if (!loaded.problems.empty()) return fail(ErrorKind::invalid, "{}", loaded.problems.front().to_string());
  return std::move(loaded.settings);
}

}  // namespace mj::server

int main(int argc, char** argv) {
  CLI::App app("mingjing: what an operator does with a hall's footage and index", "mingjing");
  app.set_version_flag("--version", mj::server::version());
  app.require_subcommand(1);
  int exit_code = mj::server::kCouldNotRun;
  mj::server::add_agent(app, exit_code);
  mj::server::add_believe_clock(app, exit_code);
  mj::server::add_check(app, exit_code);
  mj::server::add_coverage(app, exit_code);
  mj::server::add_hold(app, exit_code);
  mj::server::add_import(app, exit_code);
  mj::server::add_index_size(app, exit_code);
  mj::server::add_rebuild_index(app, exit_code);
  mj::server::add_register(app, exit_code);
  mj::server::add_sql_schema(app, exit_code);
  try {
    CLI11_PARSE(app, argc, argv);
  } catch (const std::exception& problem) {
    fmt::print(stderr, "mingjing: {}\n", problem.what());
    return mj::server::kCouldNotRun;
  }
  return exit_code;
}
