#include "index/register_log.h"

#include <algorithm>

namespace mj::index {

namespace {

constexpr size_t kLinesAtOnce = 10'000;  // when the log is written anew

constexpr const char* kLast = "SELECT ifnull(max(id), 0) FROM register";
constexpr const char* kIsThere = "SELECT 1 FROM register WHERE id = ?1";
constexpr const char* kAsLine =
    "SELECT json_object('at_us', ?1, 'login', ?2, 'name', ?3, 'action', ?4, 'stream', ?5, 'from_us', ?6,"
    " 'to_us', ?7, 'about', ?8, 'reason', ?9)";
// What it was is told by the row; that it was written anew must be seen for ever.
constexpr const char* kRowsAsLines =
    "SELECT id, json_object('at_us', at_us, 'login', login, 'name', name, 'action', action, 'stream', "
    "stream,"
    " 'from_us', from_us, 'to_us', to_us, 'about', about, 'reason', reason, 'anew', json('true'))"
    " FROM register WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3";
constexpr const char* kLostLine = R"({"lost":true})";  // of a line that no row was ever made of
constexpr const char* kTake =
    "INSERT OR IGNORE INTO register (id, at_us, login, name, action, stream, from_us, to_us, about, reason)"
    " SELECT ?1, json_extract(?2, '$.at_us'), json_extract(?2, '$.login'), json_extract(?2, '$.name'),"
    "   json_extract(?2, '$.action'), json_extract(?2, '$.stream'), json_extract(?2, '$.from_us'),"
    "   json_extract(?2, '$.to_us'), json_extract(?2, '$.about'), json_extract(?2, '$.reason')"
    " WHERE json_valid(?2) AND json_type(?2, '$.at_us') = 'integer' AND json_type(?2, '$.login') = 'text'"
    " AND json_type(?2, '$.name') = 'text' AND json_type(?2, '$.action') = 'text'";
// `IS`, because NULL is a value here.
constexpr const char* kSame =
    "SELECT at_us IS json_extract(?2, '$.at_us') AND login IS json_extract(?2, '$.login')"
    " AND name IS json_extract(?2, '$.name') AND action IS json_extract(?2, '$.action')"
    " AND stream IS json_extract(?2, '$.stream') AND from_us IS json_extract(?2, '$.from_us')"
    " AND to_us IS json_extract(?2, '$.to_us') AND about IS json_extract(?2, '$.about')"
    " AND reason IS json_extract(?2, '$.reason') FROM register WHERE id = ?1";
constexpr const char* kIsEntry = "SELECT json_type(?1, '$.at_us') IS NOT NULL WHERE json_valid(?1)";
constexpr const char* kPage =
    "SELECT id, at_us, login, name, action, ifnull(stream, ''), from_us, to_us, ifnull(about, ''),"
    " ifnull(reason, '') FROM register"
    " WHERE at_us >= ?1 AND at_us < ?2 AND (at_us, id) < (?3, ?4) AND (?5 = '' OR login = ?5)"
    " AND (?6 = '' OR action = ?6) AND (?7 = '' OR stream = ?7) ORDER BY at_us DESC, id DESC LIMIT ?8";

uint64_t number_row(const Statement& row) {
  return static_cast<uint64_t>(row.integer(0));
}

std::optional<std::string_view> or_null(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::string_view>(text);
}

/// What the log refuses is not the index's disk's trouble, which the writer would take it for.
Result<void> of_the_log(const Result<void>& done) {
  if (done) return done;
  const auto kind = done.error().kind == ErrorKind::no_space ? ErrorKind::no_space : ErrorKind::internal;
  return fail(kind, "register.log cannot be used: {}", done.error().message);
}

Result<std::string> line_of(Database& database, const RegisterEntry& entry) {
  MJ_TRY(auto line, database.first(
                        kAsLine, [](const Statement& row) { return row.text(0); }, entry.at, entry.login,
                        entry.name, entry.action, or_null(entry.stream), entry.from, entry.to,
                        or_null(entry.about), or_null(entry.reason)));
  return line.value_or(std::string());
}

/// What a line says is wrong, not the index or its disk.
bool blames_line(const Error& error) {
  return error.kind == ErrorKind::invalid || error.kind == ErrorKind::internal;
}

/// Whether the index tells a sound line as it stands there.
Result<bool> is_same(Database& database, const ChainedLog::Line& line) {
  const auto yes = [](const Statement& row) { return row.integer(0) != 0; };
  MJ_TRY(const auto entry, database.first(kIsEntry, yes, line.text));
  if (entry && !*entry) return true;  // a lost one
  const auto same = database.first(kSame, yes, line.number, line.text);
  if (!same && blames_line(same.error())) return false;
  if (!same) return tl::unexpected(same.error());
  return same->value_or(false);
}

RegisterEntry entry_row(const Statement& row) {
  return {row.integer(0), row.time(1),       row.text(2),       row.text(3), row.text(4),
          row.text(5),    row.maybe_time(6), row.maybe_time(7), row.text(8), row.text(9)};
}

}  // namespace

Result<void> RegisterLog::begin(Database& /*database*/) {
  touched_ = false;
  sound_ = true;
  return {};
}

void RegisterLog::committed() {
  // What a command saw that was undone is to be seen again.
  if (touched_ && sound_) log_.settle();
}

void RegisterLog::add(const Ticket& ticket) {
  const MutexLock lock(mutex_);
  waiting_.push_back(ticket);
}

void RegisterLog::drop(const Ticket& ticket) {
  const MutexLock lock(mutex_);
  std::erase(waiting_, ticket);
}

Result<void> RegisterLog::write(Database& database, const Ticket& own) {
  auto done = put(database, own);
  sound_ = sound_ && done;
  return done;
}

Result<void> RegisterLog::put(Database& database, const Ticket& own) {
  if (own->number != 0) {
    MJ_TRY(const auto there, database.first(kIsThere, number_row, own->number));
    if (there) return {};  // with another's
  }
  MJ_CHECK(make_same(database));
  if (own->number != 0) return {};  // its transaction was undone; its line had stayed
  std::vector<Ticket> tickets;
  {
    const MutexLock lock(mutex_);
    tickets.swap(waiting_);
  }
  if (std::ranges::find(tickets, own) == tickets.end()) tickets.push_back(own);
  auto done = put_all(database, tickets);
  if (own->number != 0) return done;
  // The others have commands of their own and may be luckier.
  std::erase(tickets, own);
  const MutexLock lock(mutex_);
  waiting_.insert(waiting_.end(), tickets.begin(), tickets.end());
  return done;
}

Result<void> RegisterLog::put_all(Database& database, const std::vector<Ticket>& tickets) {
  std::vector<std::string> lines;
  for (const auto& ticket : tickets) {
    MJ_TRY(lines.emplace_back(), line_of(database, ticket->entry));
  }
  MJ_CHECK(of_the_log(log_.append(lines)));
  uint64_t number = log_.number() - lines.size();
  for (const auto& ticket : tickets) ticket->number = ++number;
  for (size_t i = 0; i < lines.size(); ++i) MJ_CHECK(database.run(kTake, tickets[i]->number, lines[i]));
  return {};
}

Result<void> RegisterLog::make_same(Database& database) {
  MJ_TRY(const auto last, database.first(kLast, number_row));
  const uint64_t known = last.value_or(0);
  if (!begun_) MJ_CHECK(of_the_log(log_.pass_over(known)));
  begun_ = true;
  const auto news = log_.look();
  if (!news) return of_the_log(tl::unexpected(news.error()));
  touched_ = true;
  if (news->swapped) spdlog::error("register: {} is not the file it was", log_.file().native());
  if (news->torn_bytes > 0) {
    spdlog::warn("register: {}: {} bytes of a line that was never finished are cut off", log_.file().native(),
                 news->torn_bytes);
    MJ_CHECK(of_the_log(log_.cut_torn()));
  }
  MJ_CHECK(take(database, *news, known));
  return log_.number() < known ? write_anew(database, known) : Result<void>{};
}

Result<void> RegisterLog::take(Database& database, const ChainedLog::News& news, uint64_t known) {
  size_t broken = 0;
  for (const auto& line : news.lines) {
    if (!line.broken.empty() && broken++ == 0) {
      spdlog::error("register: {} line {}: {}; run `mingjing check`", log_.file().native(), line.number,
                    line.broken);
    }
    if (line.number <= known) continue;
    auto taken = database.run(kTake, line.number, line.text);
    if (taken) continue;
    if (!blames_line(taken.error())) return taken;
    spdlog::error("register: {} line {}: {}", log_.file().native(), line.number, taken.error().message);
  }
  return {};
}

Result<void> RegisterLog::write_anew(Database& database, uint64_t last) {
  spdlog::error("register: {} ends at line {}, the index knows {}; what it lacks is written anew",
                log_.file().native(), log_.number(), last);
  while (log_.number() < last) {
    std::vector<std::string> lines;
    uint64_t next = log_.number() + 1;
    const auto add = [&](const Statement& row) {
      for (; next < number_row(row); ++next) lines.emplace_back(kLostLine);
      lines.push_back(row.text(1));
      ++next;
    };
    MJ_CHECK(database.each(kRowsAsLines, add, log_.number(), last, kLinesAtOnce));
    MJ_CHECK(of_the_log(log_.append(lines)));
  }
  return {};
}

Result<void> RegisterLog::catch_up(Database& database) {
  auto done = make_same(database);
  sound_ = sound_ && done;
  if (done || !database.in_transaction()) return done;
  spdlog::error("register: {}; nothing is shown until it can be written", done.error().message);
  return {};
}

Result<std::vector<std::string>> RegisterLog::troubles(Database& database,
                                                       const std::filesystem::path& index_directory) {
  const RegisterLog log(index_directory);
  const auto& file = log.log_.file();
  // Before the log is read: its lines come first, so it has at least as many.
  MJ_TRY(const auto last, database.first(kLast, number_row));
  std::vector<std::string> sentences;
  Result<void> read;
  uint64_t lines = 0;
  AnewLines anew(file);
  MJ_CHECK(of_the_log(ChainedLog::each_line(file, [&](const ChainedLog::Line& line) {
    lines = line.number;
    anew.see(line, sentences);
    std::string why = line.broken;
    if (why.empty() && line.number <= *last && read) {
      const auto same = is_same(database, line);
      if (!same) read = tl::unexpected(same.error());
      if (same && !*same) why = "the index tells otherwise";
    }
    if (!why.empty()) sentences.push_back(fmt::format("{} line {}: {}", file.native(), line.number, why));
  })));
  MJ_CHECK(read);
  anew.end(sentences);
  if (lines < *last)
    sentences.push_back(fmt::format("{} ends at line {}, the index knows {}", file.native(), lines, *last));
  return sentences;
}

Result<Register::Page> list_register(Database& database, const Register::Filter& filter) {
  const int limit = std::clamp(filter.limit, 1, Register::kMost);
  const auto after = filter.after.value_or(Register::Cursor{WallTime::max(), INT64_MAX});
  Register::Page page;
  MJ_CHECK(database.each(
      kPage, [&](const Statement& row) { page.entries.push_back(entry_row(row)); },
      filter.from.value_or(WallTime::min()), filter.to.value_or(WallTime::max()), after.at, after.number,
      filter.login, filter.action, filter.stream, limit + 1));
  if (page.entries.size() > static_cast<size_t>(limit)) {
    page.entries.pop_back();
    page.next = Register::Cursor{page.entries.back().at, page.entries.back().number};
  }
  return page;
}

}  // namespace mj::index
