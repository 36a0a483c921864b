#include "config/checks.h"
#include "config/sections.h"

namespace mj::config {
namespace {

constexpr size_t kMaxFeeds = 100;
constexpr size_t kMaxWordCharacters = 200;
constexpr size_t kMaxPathCharacters = 1024;
constexpr size_t kMaxQueryCharacters = 20'000;
constexpr int64_t kDayMilliseconds = 86'400'000;
constexpr int64_t kDaySeconds = 86'400;
constexpr int64_t kPostgresqlPort = 5432;
constexpr int64_t kMysqlPort = 3306;

/// It may stand on several lines. What it lacks would show as rows that are never read: it must go on from
/// the cursor.
std::string read_query(TableReader& reader, std::string_view parameter) {
  const auto* given = reader.node("query");
  const std::string text = given == nullptr ? "" : given->value<std::string>().value_or("");
  std::string lower;
  for (const char c : text) lower.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  const bool goes_on =
      lower.find(parameter) != std::string::npos && lower.find("order by") != std::string::npos;
  if (!goes_on || text.size() > kMaxQueryCharacters || text.find(';') != std::string::npos) {
    reader.problem("query",
                   fmt::format("one SELECT … WHERE cursor_column >= {} ORDER BY cursor_column, without LIMIT "
                               "and semicolon",
                               parameter));
  }
  return text;
}

}  // namespace

void SectionReader::read_feeds(TableReader& file) {
  for (const auto& [table, path] : file.tables("feeds", kMaxFeeds)) {
    TableReader reader(*table, path, report_);
    Feed feed;
    feed.id = read_id(reader, feeds_);
    feed.token = read_token(reader);
    feed.clock_offset =
        std::chrono::milliseconds(reader.integer("clock_offset_ms", -kDayMilliseconds, kDayMilliseconds, 0));
    read_sources(reader, feed);
    if (const toml::table* sql = reader.table("sql", false)) read_sql(*sql, path + ".sql", feed);
    reader.finish();
    settings_.feeds.push_back(std::move(feed));
  }
}

void SectionReader::read_sources(TableReader& reader, Feed& feed) {
  feed.folder = absolute(reader.text("folder", kMaxPathCharacters));
  for (const auto& other : settings_.feeds) {
    if (!feed.folder.empty() && other.folder == feed.folder) {
      reader.problem("folder", fmt::format("a folder of its own (feed \"{}\" has this one)", other.id));
    }
  }
  const auto mapping = absolute(reader.text("mapping", kMaxPathCharacters));
  if (mapping.empty()) return;
  auto loaded = load_mapping(mapping);
  report_.add(std::move(loaded.problems));
  feed.mapping = std::move(loaded.mapping);
}

void SectionReader::read_sql(const toml::table& table, const std::string& path, Feed& feed) {
  TableReader reader(table, path, report_);
  SqlSource sql;
  const std::string kind = reader.text("kind", kMaxWordCharacters);
  if (kind == "mysql") {
    sql.kind = SqlSource::Kind::mysql;
  } else if (kind != "postgresql") {
    reader.problem("kind", R"("postgresql" or "mysql" (MariaDB too))");
  }
  sql.host = reader.required_text("host", kMaxWordCharacters, "the database's host");
  sql.port =
      static_cast<int>(reader.integer("port", 1, 65535, kind == "mysql" ? kMysqlPort : kPostgresqlPort));
  sql.database = reader.required_text("database", kMaxWordCharacters, "the database's name");
  sql.user = reader.required_text("user", kMaxWordCharacters, "a user who may only read");
  sql.password = read_secret(reader, "password", SecretUse::password, folder_);
  sql.query = read_query(reader, kind == "mysql" ? "?" : "$1");
  sql.cursor_column = reader.required_text("cursor_column", kMaxWordCharacters,
                                           "a column of the query that rises with every new or changed row");
  sql.cursor_start = reader.required_text("cursor_start", kMaxWordCharacters, "the cursor's first value");
  sql.every = std::chrono::seconds(reader.integer("every_seconds", 1, kDaySeconds, 60));
  reader.finish();
  feed.sql = std::move(sql);
}

}  // namespace mj::config
