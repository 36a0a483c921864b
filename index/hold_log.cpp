#include "index/hold_log.h"

#include <map>
#include <set>
#include <tuple>

#include "index/case_model.h"
#include "index/hold_rows.h"

namespace mj::index {

namespace {

// All JSON is read and written by SQLite: what it cannot read it says is none.
constexpr const char* kHead =
    "SELECT json_extract(?1, '$.does'), json_extract(?1, '$.placed_us'), ifnull(json_extract(?1, '$.case'), "
    "'')"
    " WHERE json_valid(?1) AND json_type(?1, '$.does') = 'text' AND json_type(?1, '$.placed_us') = 'integer'"
    " AND ifnull(json_type(?1, '$.case'), 'text') = 'text'";
// An id that another hold has by now gives way; whose placing cannot be read is a hold all the same.
constexpr const char* kTakePlaced =
    "INSERT INTO holds (id, placed_us, case_number, folded, reason, login, name)"
    " SELECT iif(EXISTS (SELECT 1 FROM holds WHERE id = json_extract(?1, '$.hold')), NULL,"
    "   json_extract(?1, '$.hold')), json_extract(?1, '$.placed_us'), ifnull(json_extract(?1, '$.case'), "
    "''), ?2,"
    "   ifnull(json_extract(?1, '$.reason'), 'the line of holds.log that placed it cannot be read'),"
    "   ifnull(json_extract(?1, '$.login'), ''), ifnull(json_extract(?1, '$.name'), '')"
    " WHERE NOT EXISTS (SELECT 1 FROM holds WHERE placed_us = json_extract(?1, '$.placed_us'))";
constexpr const char* kTakeHeld =
    "INSERT INTO held (hold, stream, from_us, to_us)"
    " SELECT holds.id, json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]')"
    " FROM holds, json_each(?1, '$.held') WHERE holds.placed_us = json_extract(?1, '$.placed_us')"
    " ON CONFLICT DO UPDATE SET to_us = max(to_us, excluded.to_us)";
constexpr const char* kTakeLifted =
    "UPDATE holds SET lifted_us = json_extract(?1, '$.lifted_us'), lifted_login = json_extract(?1, "
    "'$.login'),"
    " lifted_name = json_extract(?1, '$.name'), lifted_reason = json_extract(?1, '$.reason')"
    " WHERE placed_us = json_extract(?1, '$.placed_us') AND lifted_us IS NULL"
    " AND json_type(?1, '$.lifted_us') = 'integer' AND json_type(?1, '$.login') = 'text'"
    " AND json_type(?1, '$.name') = 'text' AND json_type(?1, '$.reason') = 'text'";
constexpr const char* kHeldOfLine =
    "SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]')"
    " FROM json_each(?1, '$.held') WHERE json_type(value, '$[0]') = 'text'"
    " AND json_type(value, '$[1]') = 'integer' AND json_type(value, '$[2]') = 'integer'";
constexpr const char* kAllHolds = "SELECT id, placed_us, lifted_us IS NOT NULL FROM holds ORDER BY id";
constexpr const char* kHeldOfHold = "SELECT stream, from_us, to_us FROM held WHERE hold = ?1";
constexpr const char* kUnlogged = "SELECT line FROM holds_unlogged ORDER BY id";
constexpr const char* kForgetUnlogged = "DELETE FROM holds_unlogged";
constexpr const char* kNewestUnlogged = "SELECT ifnull(max(id), 0) FROM holds_unlogged";
constexpr const char* kMarkAnew =
    "UPDATE holds_unlogged SET line = json_set(line, '$.anew', json('true')) WHERE id > ?1";

constexpr const char* kPlace = "place";
constexpr const char* kWiden = "widen";
constexpr const char* kLift = "lift";

struct Head {
  std::string does;
  int64_t placed = 0;
  std::string case_number;
};

/// What a line says is wrong, not the index or its disk.
bool blames_line(const Error& error) {
  return error.kind == ErrorKind::invalid || error.kind == ErrorKind::internal;
}

/// Nothing: it cannot be read.
Result<std::optional<Head>> head_of(Database& database, const std::string& line) {
  const auto read = [](const Statement& row) { return Head{row.text(0), row.integer(1), row.text(2)}; };
  auto head = database.first(kHead, read, line);
  if (!head && blames_line(head.error())) return std::nullopt;
  return head;
}

/// What the log tells of one hold.
struct Logged {
  bool placed = false, lifted = false;
  std::set<std::tuple<std::string, int64_t, int64_t>> held;
};

/// Of lines whose chain holds: what may have been changed is written once more.
Result<std::map<int64_t, Logged>> all_logged(Database& database, const std::vector<std::string>& lines) {
  std::map<int64_t, Logged> all;
  for (const auto& line : lines) {
    MJ_TRY(const auto head, head_of(database, line));
    if (!head) continue;
    Logged& logged = all[head->placed];
    logged.placed = logged.placed || head->does == kPlace;
    logged.lifted = logged.lifted || head->does == kLift;
    const auto add = [&](const Statement& row) {
      logged.held.emplace(row.text(0), row.integer(1), row.integer(2));
    };
    auto read = database.each(kHeldOfLine, add, line);
    if (!read && !blames_line(read.error())) return tl::unexpected(read.error());
  }
  return all;
}

struct HoldState {
  int64_t id = 0, placed = 0;
  bool lifted = false;
};

Result<void> note_missing_of(Database& database, const HoldState& hold, const Logged& logged) {
  if (!logged.placed) {
    MJ_CHECK(note_placed(database, hold.id));
  } else {
    std::vector<StreamSpan> missing;
    const auto compare = [&](const Statement& row) {
      if (!logged.held.contains({row.text(0), row.integer(1), row.integer(2)}))
        missing.push_back({row.text(0), row.time(1), row.time(2)});
    };
    MJ_CHECK(database.each(kHeldOfHold, compare, hold.id));
    if (!missing.empty()) MJ_CHECK(note_widened(database, hold.id, missing));
  }
  return hold.lifted && !logged.lifted ? note_lifted(database, hold.id) : Result<void>{};
}

}  // namespace

Result<void> HoldLog::begin(Database& database) {
  const auto news = log_.look();
  if (!news) {
    if (readable_) spdlog::error("holds: {}; nothing is purged until it can be read", news.error().message);
    readable_ = fail(ErrorKind::internal, "the holds cannot be known: {}", news.error().message);
    return {};
  }
  readable_ = {};
  if (news->swapped) {
    spdlog::error("holds: {} is not the file it was; what it lacks is written anew", log_.file().native());
  }
  if (news->torn_bytes > 0) {
    spdlog::warn("holds: {}: {} bytes of a line that was never finished are cut off", log_.file().native(),
                 news->torn_bytes);
    note_trouble(log_.cut_torn());
  }
  for (const auto& line : news->lines) MJ_CHECK(take(database, line));
  if (news->anew) MJ_CHECK(note_missing(database, news->lines));
  return news->lines.empty() ? Result<void>{} : widen_all_holds(database);
}

Result<void> HoldLog::take(Database& database, const ChainedLog::Line& line) {
  if (!line.broken.empty()) {
    spdlog::error("holds: {} line {}: {}; run `mingjing check`", log_.file().native(), line.number,
                  line.broken);
  }
  MJ_TRY(const auto head, head_of(database, line.text));
  if (!head) {
    spdlog::error("holds: {} line {} cannot be read", log_.file().native(), line.number);
    return {};
  }
  Result<void> taken;
  if (head->does == kPlace || head->does == kWiden) {
    const std::string folded = fold_case_number(head->case_number).value_or(std::string());
    taken = database.run(kTakePlaced, line.text, folded);
    if (taken) taken = database.run(kTakeHeld, line.text);
  } else if (head->does == kLift && line.broken.empty()) {
    taken = database.run(kTakeLifted, line.text);
  }
  if (taken || !blames_line(taken.error())) return taken;
  spdlog::error("holds: {} line {}: {}", log_.file().native(), line.number, taken.error().message);
  return {};
}

Result<void> HoldLog::note_missing(Database& database, const std::vector<ChainedLog::Line>& lines) {
  std::vector<std::string> sound;
  for (const auto& line : lines) {
    if (line.broken.empty()) sound.push_back(line.text);
  }
  const bool broken = sound.size() < lines.size();
  // What was on its way into the log is no loss.
  MJ_CHECK(database.each(kUnlogged, [&](const Statement& row) { sound.push_back(row.text(0)); }));
  MJ_TRY(const auto logged, all_logged(database, sound));
  MJ_TRY(const auto on_its_way,
         database.first(kNewestUnlogged, [](const Statement& row) { return row.integer(0); }));
  std::vector<HoldState> holds;
  MJ_CHECK(database.each(kAllHolds, [&](const Statement& row) {
    holds.push_back({row.integer(0), row.integer(1), row.integer(2) != 0});
  }));
  for (const auto& hold : holds) {
    const auto found = logged.find(hold.placed);
    MJ_CHECK(note_missing_of(database, hold, found == logged.end() ? Logged{} : found->second));
  }
  if (broken) return {};  // that is told already
  MJ_CHECK(database.run(kMarkAnew, *on_its_way));
  if (database.changes() == 0) return {};
  spdlog::error("holds: {} lacks {} lines of what the index knows; they are written anew",
                log_.file().native(), database.changes());
  return {};
}

Result<void> HoldLog::write(Database& database) {
  std::vector<std::string> lines;
  MJ_CHECK(database.each(kUnlogged, [&](const Statement& row) { lines.push_back(row.text(0)); }));
  if (lines.empty()) return {};
  MJ_CHECK(readable_);
  if (auto written = log_.append(lines); !written) {
    const auto kind = written.error().kind == ErrorKind::no_space ? ErrorKind::no_space : ErrorKind::internal;
    return fail(kind, "holds.log cannot be written: {}", written.error().message);
  }
  return database.run(kForgetUnlogged);
}

Result<void> HoldLog::seal(Database& database) {
  const auto written = write(database);
  note_trouble(written);
  // Rows protect without the log too; it is tried again with each commit. Only what SQLite says counts here.
  return database.in_transaction() ? Result<void>{} : written;
}

void HoldLog::note_trouble(const Result<void>& done) {
  if (!done && !in_trouble_) spdlog::error("holds: {}; tried again", done.error().message);
  if (done && in_trouble_) spdlog::info("holds: {} can be written again", log_.file().native());
  in_trouble_ = !done;
}

Result<std::vector<std::string>> HoldLog::troubles(const std::filesystem::path& index_directory) {
  const HoldLog log(index_directory);
  std::vector<std::string> sentences;
  AnewLines anew(log.log_.file());
  MJ_CHECK(ChainedLog::each_line(log.log_.file(), [&](const ChainedLog::Line& line) {
    anew.see(line, sentences);
    if (!line.broken.empty())
      sentences.push_back(fmt::format("{} line {}: {}", log.log_.file().native(), line.number, line.broken));
  }));
  anew.end(sentences);
  return sentences;
}

}  // namespace mj::index
