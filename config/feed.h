#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/base/time.h"
#include "config/base/words.h"

/// Where case facts come from, and how a table's columns become events. Part of config/config.h.
namespace mj::config {

struct Problem;

/// Where a field of an event comes from: columns, joined where there are several, or a fixed text.
struct FieldSource {
  std::vector<std::string> columns;
  std::string fixed;
};

/// One event that a row gives. `fields` by the names of POST /api/v1/events, an item's as item_code,
/// item_name, promised_days, risk.
struct EventMapping {
  std::map<std::string, FieldSource> fields;
  std::string suffix;  ///< of the event's id, where a row gives several
};

/// How the rows of a table become events.
struct Mapping {
  enum class Encoding { automatic, utf8, gb18030 };
  Encoding encoding = Encoding::automatic;
  char delimiter = 0;   ///< 0: found out
  int header_line = 1;  ///< where the columns' names stand
  std::vector<EventMapping> events;
  /// What a cell's text means, by field: values["window"]["综合1号"] is "w1".
  std::map<std::string, std::map<std::string, std::string>> values;
};

/// Names of fields, in the order in which they are listed for people.
[[nodiscard]] const std::vector<std::string>& event_fields();

struct LoadedMapping {
  Mapping mapping;
  std::vector<Problem> problems;
};
/// Reads and checks a mapping (TOML). Never throws; every failure is a Problem.
[[nodiscard]] LoadedMapping load_mapping(const std::filesystem::path& file);
/// The mapping of a table whose columns are named like the fields themselves.
[[nodiscard]] Mapping plain_mapping();

/// A database that is asked now and then, never changed.
struct SqlSource {
  enum class Kind { postgresql, mysql };
  Kind kind = Kind::postgresql;
  std::string host;
  int port = 0;
  std::string database, user;
  Secret password;
  std::string query;          ///< one SELECT with one parameter, the cursor; ordered by it
  std::string cursor_column;  ///< of its result: rises with every row that is new or changed
  std::string cursor_start;   ///< its first value
  Duration every = std::chrono::seconds(60);
};

/// A source of case facts (queue system, approval system): it posts events, leaves files in a folder, or has
/// a database that we ask.
struct Feed {
  std::string id;
  Secret token;
  Duration clock_offset{0};             ///< its clock − ours
  std::filesystem::path folder = {};    ///< watched for files, or empty
  std::optional<Mapping> mapping = {};  ///< of files and SQL rows
  std::optional<SqlSource> sql = {};
};

}  // namespace mj::config
