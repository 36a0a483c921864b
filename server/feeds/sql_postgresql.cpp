#include <libpq-fe.h>
#include <poll.h>

#include "server/feeds/sql_client.h"

namespace mj::server {
namespace {

struct EndConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using UniqueConnection = std::unique_ptr<PGconn, EndConnection>;
using UniqueResult = std::unique_ptr<PGresult, ClearResult>;

constexpr const char* kBegin = "BEGIN TRANSACTION READ ONLY";

std::string one_line(const char* text) {
  std::string line(text == nullptr ? "" : text);
  while (!line.empty() && line.back() == '\n') line.pop_back();
  for (char& c : line) c = c == '\n' ? ' ' : c;
  return line;
}

Result<UniqueConnection> connect(const config::SqlSource& source) {
  const std::string port = std::to_string(source.port);
  const std::string patience = std::to_string(kSqlConnect.count());
  const auto milliseconds = std::chrono::milliseconds(kSqlStatement).count();
  const std::string options = fmt::format(
      "-c default_transaction_read_only=on -c statement_timeout={} -c datestyle=ISO", milliseconds);
  const std::string network = std::to_string(milliseconds + 1000);
  const char* const names[] = {"host",
                               "port",
                               "dbname",
                               "user",
                               "password",
                               "options",
                               "client_encoding",
                               "connect_timeout",
                               "tcp_user_timeout",
                               "application_name",
                               nullptr};
  const char* const values[] = {source.host.c_str(),
                                port.c_str(),
                                source.database.c_str(),
                                source.user.c_str(),
                                source.password.reveal().c_str(),
                                options.c_str(),
                                "UTF8",
                                patience.c_str(),
                                network.c_str(),
                                "mingjing",
                                nullptr};
  UniqueConnection connection(PQconnectdbParams(names, values, 0));
  if (PQstatus(connection.get()) == CONNECTION_OK) return connection;
  return fail(ErrorKind::unavailable, "PostgreSQL at {}:{}: {}", source.host, source.port,
              one_line(PQerrorMessage(connection.get())));
}

using Deadline = std::chrono::steady_clock::time_point;

/// The next result; none is the end. libpq's own waiting has no end where a server falls silent without
/// closing the connection, so ours does it. Errors: unavailable.
Result<UniqueResult> next_result(PGconn* connection, Deadline end) {
  while (PQisBusy(connection) == 1) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd answer{PQsocket(connection), POLLIN, 0};
    if (left.count() <= 0 || ::poll(&answer, 1, static_cast<int>(left.count())) == 0)
      return fail(ErrorKind::unavailable, "PostgreSQL: the server fell silent");
    if (PQconsumeInput(connection) == 0)
      return fail(ErrorKind::unavailable, "PostgreSQL: {}", one_line(PQerrorMessage(connection)));
  }
  return UniqueResult(PQgetResult(connection));
}

Result<void> begin(PGconn* connection, Deadline end) {
  bool begun = PQsendQuery(connection, kBegin) == 1;
  while (begun) {
    MJ_TRY(const UniqueResult result, next_result(connection, end));
    if (!result) return {};
    begun = PQresultStatus(result.get()) == PGRES_COMMAND_OK;
  }
  return fail(ErrorKind::unavailable, "PostgreSQL: {}", one_line(PQerrorMessage(connection)));
}

/// A result of single-row mode: columns, and a row if there is one.
void add_to(SqlRows& rows, PGresult* result) {
  const int columns = PQnfields(result);
  if (rows.columns.empty()) {
    for (int column = 0; column < columns; ++column) rows.columns.emplace_back(PQfname(result, column));
  }
  for (int row = 0; row < PQntuples(result); ++row) {
    auto& cells = rows.rows.emplace_back();
    for (int column = 0; column < columns; ++column) {
      cells.emplace_back(PQgetvalue(result, row, column),
                         static_cast<size_t>(PQgetlength(result, row, column)));
    }
  }
}

/// Row by row, so that what is beyond `limit` never comes here.
Result<SqlRows> read_rows(PGconn* connection, size_t limit, Deadline end) {
  SqlRows rows;
  while (rows.rows.size() < limit) {
    MJ_TRY(const UniqueResult result, next_result(connection, end));
    if (!result) return rows;
    const auto status = PQresultStatus(result.get());
    if (status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK) {
      return fail(ErrorKind::invalid, "PostgreSQL: {}", one_line(PQerrorMessage(connection)));
    }
    add_to(rows, result.get());
  }
  return rows;
}

}  // namespace

Result<SqlRows> ask_postgresql(const config::SqlSource& source, const std::string& cursor, size_t limit) {
  MJ_TRY(const auto connection, connect(source));
  // The server ends a statement itself; what is more than a second late does not come.
  const Deadline end = std::chrono::steady_clock::now() + kSqlStatement + std::chrono::seconds(1);
  MJ_CHECK(begin(connection.get(), end));
  const char* const values[] = {cursor.c_str()};
  const bool sent = PQsendQueryParams(connection.get(), source.query.c_str(), 1, nullptr, values, nullptr,
                                      nullptr, 0) == 1 &&
                    PQsetSingleRowMode(connection.get()) == 1;
  if (sent) return read_rows(connection.get(), limit, end);
  return fail(ErrorKind::unavailable, "PostgreSQL: {}", one_line(PQerrorMessage(connection.get())));
}

}  // namespace mj::server
