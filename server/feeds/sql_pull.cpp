#include "server/feeds/sql_pull.h"

#include <algorithm>

namespace mj::server {
namespace {

constexpr size_t kToldProblems = 5;

}  // namespace

void SqlPull::turn() {
  const SteadyTime now = source_.clock.steady_now();
  if (now < next_) return;
  next_ = now + source_.feed.sql->every;
  const auto more = pull();
  if (more) {
    if (*more) next_ = now;
    last_complaint_.clear();
    return;
  }
  if (more.error().message == last_complaint_) return;
  last_complaint_ = more.error().message;
  spdlog::error("feed {}: {}; tried again every {} s", source_.feed.id, last_complaint_,
                std::chrono::duration_cast<std::chrono::seconds>(source_.feed.sql->every).count());
}

Result<bool> SqlPull::pull() {
  const config::SqlSource& sql = *source_.feed.sql;
  const std::string& id = source_.feed.id;
  index::Feeds feeds(index_);
  MJ_TRY(const std::string before, feeds.cursor(id));
  const std::string cursor = before.empty() ? sql.cursor_start : before;
  auto* const ask = sql.kind == config::SqlSource::Kind::mysql ? &ask_mysql : &ask_postgresql;
  MJ_TRY(const SqlRows found, ask(sql, cursor, limit_));
  const auto column = std::ranges::find(found.columns, sql.cursor_column);
  if (column == found.columns.end()) {
    return fail(ErrorKind::invalid, "the query has no column \"{}\"; its columns are: {}", sql.cursor_column,
                fmt::join(found.columns, ", "));
  }
  Importer importer(source_, [&](const auto& events) { return feeds.take_rows(id, events); });
  MJ_CHECK(importer.use_columns(found.columns));
  int row = 0;
  for (const auto& cells : found.rows) MJ_CHECK(importer.row(++row, cells));
  MJ_CHECK(importer.finish());
  const auto place = static_cast<size_t>(column - found.columns.begin());
  tell(importer.report(), [&](int line) { return found.rows.at(static_cast<size_t>(line - 1)).at(place); });
  const bool full = found.rows.size() == limit_;
  if (row == 0) return false;
  const std::string& newest = found.rows.back().at(place);
  if (full && newest == cursor) {
    if (limit_ >= kMostRows) {
      return fail(ErrorKind::invalid, "more than {} rows have \"{}\" = {}; choose another cursor_column",
                  kMostRows, sql.cursor_column, newest);
    }
    limit_ *= 10;
    return true;
  }
  limit_ = kRows;
  if (newest != before) MJ_CHECK(feeds.move_cursor(id, newest));
  return full;
}

/// What is read again was told before.
void SqlPull::tell(const ImportReport& report, const std::function<std::string(int)>& cursor_of) {
  const std::string problem = report.problems.empty() ? "" : report.problems.front().message;
  if (report.accepted > 0) spdlog::info("feed {}: {}", source_.feed.id, report.summary());
  if (report.accepted == 0 && problem == last_problem_) return;
  last_problem_ = problem;
  for (size_t i = 0; i < std::min(kToldProblems, report.problems.size()); ++i) {
    const auto& [row, column, message] = report.problems[i];
    spdlog::warn("feed {}: a row of its database is passed over, that with {} = \"{}\": {}{}",
                 source_.feed.id, source_.feed.sql->cursor_column, cursor_of(row),
                 column.empty() ? "" : fmt::format("column \"{}\": ", column), message);
  }
}

}  // namespace mj::server
