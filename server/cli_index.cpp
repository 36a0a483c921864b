// mingjing index-size and sql-schema: what the index takes, and how it is made.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>

#include "index/index.h"
#include "server/app.h"
#include "server/cli.h"

namespace mj::server {
namespace {

namespace json = boost::json;

constexpr const char* kIndexSize = "index-size";

struct IndexSizeOptions {
  std::string config_file;
  bool as_json = false;
};

double megabytes(uint64_t bytes) {
  return static_cast<double>(bytes) / 1e6;
}

double bytes_per_row(const index::TableSize& table) {
  return table.rows == 0
             ? 0
             : static_cast<double>(table.bytes + table.index_bytes) / static_cast<double>(table.rows);
}

void print_json(const index::IndexSizes& sizes) {
  json::array tables;
  for (const auto& table : sizes.tables) {
    tables.push_back(json::object{{"table", table.table},
                                  {"rows", table.rows},
                                  {"bytes", table.bytes},
                                  {"index_bytes", table.index_bytes},
                                  {"bytes_per_row", bytes_per_row(table)}});
  }
  const json::object out{{"ok", true},
                         {"bytes", sizes.bytes},
                         {"wal_bytes", sizes.wal_bytes},
                         {"free_bytes", sizes.free_bytes},
                         {"tables", std::move(tables)}};
  fmt::print("{}\n", json::serialize(out));
}

void print_text(const index::IndexSizes& sizes) {
  fmt::print("{:24} {:>12} {:>10} {:>10} {:>10}\n", "table", "rows", "MB", "+ indexes", "bytes/row");
  for (const auto& table : sizes.tables) {
    fmt::print("{:24} {:>12} {:>10.2f} {:>10.2f} {:>10.0f}\n", table.table, table.rows,
               megabytes(table.bytes), megabytes(table.index_bytes), bytes_per_row(table));
  }
  fmt::print("index.db {:.2f} MB, of which free {:.2f} MB; write-ahead log {:.2f} MB\n",
             megabytes(sizes.bytes), megabytes(sizes.free_bytes), megabytes(sizes.wal_bytes));
}

int run(const IndexSizeOptions& options) {
  init_log("warn");
  const auto settings = load_settings(options.config_file);
  if (!settings) return could_not_run(kIndexSize, settings.error().message, options.as_json);
  const auto sizes = index::read_sizes(index_directory(*settings));
  if (!sizes) return could_not_run(kIndexSize, sizes.error().message, options.as_json);
  options.as_json ? print_json(*sizes) : print_text(*sizes);
  return kClean;
}

}  // namespace

void add_index_size(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<IndexSizeOptions>();
  CLI::App* command = app.add_subcommand(
      kIndexSize,
      "What each table of the index takes on disk. Reads every page once, beside the mingjingd that writes "
      "them. Exit code 0: told, 2: could not run.");
  command->add_option("--config", options->config_file, "the hall's settings (TOML)")->required();
  command->add_flag("--json", options->as_json, "one JSON object on stdout");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

void add_sql_schema(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "sql-schema",
      "Prints the schema of the index, a comment on every table, for who reads it with a tool of their own: "
      "open <data_directory>/index/index.db read-only (sqlite3 -readonly), or better a backup of it.");
  command->callback([&exit_code] {
    const auto text = index::schema_text();
    const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
    exit_code = written && std::fflush(stdout) == 0 ? kClean : kCouldNotRun;
  });
}

}  // namespace mj::server
