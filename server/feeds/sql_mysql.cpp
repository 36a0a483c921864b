#include <mysql.h>

#include "server/feeds/sql_client.h"

namespace mj::server {
namespace {

struct EndConnection {
  void operator()(MYSQL* connection) const { mysql_close(connection); }
};
struct EndStatement {
  void operator()(MYSQL_STMT* statement) const { mysql_stmt_close(statement); }
};
struct FreeResult {
  void operator()(MYSQL_RES* result) const { mysql_free_result(result); }
};
using UniqueConnection = std::unique_ptr<MYSQL, EndConnection>;
using UniqueStatement = std::unique_ptr<MYSQL_STMT, EndStatement>;
using UniqueResult = std::unique_ptr<MYSQL_RES, FreeResult>;

// MariaDB's word for it, and MySQL's: the other one's is an unknown variable.
constexpr const char* kMariadbTimeout = "SET SESSION max_statement_time = 4";
constexpr const char* kMysqlTimeout = "SET SESSION max_execution_time = 4000";
constexpr const char* kReadOnly = "START TRANSACTION READ ONLY";
constexpr size_t kMaxCellBytes = 1U << 20;

Result<UniqueConnection> connect(const config::SqlSource& source) {
  UniqueConnection connection(mysql_init(nullptr));
  if (!connection) return fail(ErrorKind::internal, "MySQL: out of memory");
  MYSQL* handle = connection.get();
  const auto patience = static_cast<unsigned>(kSqlConnect.count());
  const auto answer = static_cast<unsigned>(kSqlStatement.count() + 1);
  mysql_options(handle, MYSQL_OPT_CONNECT_TIMEOUT, &patience);
  mysql_options(handle, MYSQL_OPT_READ_TIMEOUT, &answer);
  mysql_options(handle, MYSQL_OPT_WRITE_TIMEOUT, &answer);
  mysql_options(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  const bool connected =
      mysql_real_connect(handle, source.host.c_str(), source.user.c_str(), source.password.reveal().c_str(),
                         source.database.c_str(), static_cast<unsigned>(source.port), nullptr, 0) != nullptr;
  if (connected && mysql_query(handle, kMariadbTimeout) != 0) mysql_query(handle, kMysqlTimeout);
  if (connected && mysql_query(handle, kReadOnly) == 0) return connection;
  return fail(ErrorKind::unavailable, "MySQL at {}:{}: {}", source.host, source.port, mysql_error(handle));
}

tl::unexpected<Error> statement_failed(MYSQL_STMT* statement) {
  return fail(ErrorKind::invalid, "MySQL: {}", mysql_stmt_error(statement));
}

/// One cell of the row that was fetched. Errors: invalid (too large).
Result<std::string> cell(MYSQL_STMT* statement, unsigned column, size_t bytes, bool is_null) {
  std::string text(is_null ? 0 : bytes, '\0');
  if (text.empty()) return text;
  if (text.size() > kMaxCellBytes) return fail(ErrorKind::invalid, "MySQL: a cell of {} bytes", bytes);
  MYSQL_BIND bind{};
  bind.buffer_type = MYSQL_TYPE_STRING;
  bind.buffer = text.data();
  bind.buffer_length = text.size();
  if (mysql_stmt_fetch_column(statement, &bind, column, 0) != 0) return statement_failed(statement);
  return text;
}

/// Row by row, so that what is beyond `limit` never comes here.
Result<SqlRows> read_rows(MYSQL_STMT* statement, size_t limit) {
  SqlRows rows;
  const UniqueResult described(mysql_stmt_result_metadata(statement));
  if (!described) return fail(ErrorKind::invalid, "MySQL: the query gives no rows");
  const unsigned columns = mysql_num_fields(described.get());
  for (unsigned i = 0; i < columns; ++i) rows.columns.emplace_back(mysql_fetch_field(described.get())->name);
  // No buffer: each fetch only tells the sizes, and cell() fetches what has that size.
  std::vector<MYSQL_BIND> binds(columns);
  std::vector<unsigned long> sizes(columns);  // NOLINT(google-runtime-int): the library's type
  std::vector<my_bool> nulls(columns);
  for (unsigned i = 0; i < columns; ++i) {
    binds[i].buffer_type = MYSQL_TYPE_STRING;
    binds[i].length = &sizes[i];
    binds[i].is_null = &nulls[i];
  }
  if (mysql_stmt_bind_result(statement, binds.data()) != 0) return statement_failed(statement);
  while (rows.rows.size() < limit) {
    const int fetched = mysql_stmt_fetch(statement);
    if (fetched == MYSQL_NO_DATA) return rows;
    if (fetched != 0 && fetched != MYSQL_DATA_TRUNCATED) return statement_failed(statement);
    auto& cells = rows.rows.emplace_back();
    for (unsigned i = 0; i < columns; ++i) {
      MJ_TRY(auto text, cell(statement, i, sizes[i], nulls[i] != 0));
      cells.push_back(std::move(text));
    }
  }
  return rows;
}

}  // namespace

Result<SqlRows> ask_mysql(const config::SqlSource& source, const std::string& cursor, size_t limit) {
  MJ_TRY(const auto connection, connect(source));
  const UniqueStatement statement(mysql_stmt_init(connection.get()));
  if (!statement) return fail(ErrorKind::internal, "MySQL: out of memory");
  if (mysql_stmt_prepare(statement.get(), source.query.data(), source.query.size()) != 0) {
    return statement_failed(statement.get());
  }
  if (mysql_stmt_param_count(statement.get()) != 1) {
    return fail(ErrorKind::invalid, "MySQL: the query must have one ? for the cursor");
  }
  std::string bound = cursor;
  auto length = static_cast<unsigned long>(bound.size());  // NOLINT(google-runtime-int): the library's type
  MYSQL_BIND bind{};
  bind.buffer_type = MYSQL_TYPE_STRING;
  bind.buffer = bound.data();
  bind.buffer_length = bound.size();
  bind.length = &length;
  if (mysql_stmt_bind_param(statement.get(), &bind) != 0) return statement_failed(statement.get());
  if (mysql_stmt_execute(statement.get()) != 0) return statement_failed(statement.get());
  return read_rows(statement.get(), limit);
}

}  // namespace mj::server
