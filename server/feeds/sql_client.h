#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/config.h"

namespace mj::server {

/// What a database answered, all as text; NULL is empty.
struct SqlRows {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
};

/// How long a database may take to accept us, and to answer. Together less than the ten seconds of a stop.
inline constexpr std::chrono::seconds kSqlConnect{3};
inline constexpr std::chrono::seconds kSqlStatement{4};

/// Asks a database with the settings' own query, as it stands there; `cursor` is bound to its one parameter
/// ($1, or ?). Reads at most `limit` rows and ends then. Each question is a connection and a read-only
/// transaction of its own. Errors: unavailable (no connection), invalid (the query, or it was too slow). No
/// error holds the password.
[[nodiscard]] Result<SqlRows> ask_postgresql(const config::SqlSource& source, const std::string& cursor,
                                             size_t limit);
[[nodiscard]] Result<SqlRows> ask_mysql(const config::SqlSource& source, const std::string& cursor,
                                        size_t limit);

}  // namespace mj::server
