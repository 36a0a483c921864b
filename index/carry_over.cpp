#include <array>

#include "index/migrate.h"
#include "index/rebuild.h"
#include "index/titles.h"

namespace mj::index {

namespace {

struct Table {
  std::string_view name;
  const char* copy;
};

// Parents before children: the copy obeys foreign keys.
constexpr std::array kCarried{
    Table{"halls", "INSERT OR IGNORE INTO main.halls SELECT * FROM old.halls"},
    Table{"areas", "INSERT OR IGNORE INTO main.areas SELECT * FROM old.areas"},
    Table{"windows", "INSERT OR IGNORE INTO main.windows SELECT * FROM old.windows"},
    Table{"clerks", "INSERT OR IGNORE INTO main.clerks SELECT * FROM old.clerks"},
    Table{"workstations", "INSERT OR IGNORE INTO main.workstations SELECT * FROM old.workstations"},
    Table{"stores", "INSERT OR IGNORE INTO main.stores SELECT * FROM old.stores"},
    Table{"streams", "INSERT OR IGNORE INTO main.streams SELECT * FROM old.streams"},
    Table{"window_streams", "INSERT OR IGNORE INTO main.window_streams SELECT * FROM old.window_streams"},
    Table{"gaps", "INSERT OR IGNORE INTO main.gaps SELECT * FROM old.gaps"},
    Table{"garbage", "INSERT OR IGNORE INTO main.garbage SELECT * FROM old.garbage"},
    Table{"purges", "INSERT OR IGNORE INTO main.purges SELECT * FROM old.purges"},
    Table{"holds", "INSERT OR IGNORE INTO main.holds SELECT * FROM old.holds"},
    Table{"held", "INSERT OR IGNORE INTO main.held SELECT * FROM old.held"},
    Table{"register", "INSERT OR IGNORE INTO main.register SELECT * FROM old.register"},
    Table{"purge_clock", "INSERT OR IGNORE INTO main.purge_clock SELECT * FROM old.purge_clock"},
    Table{"misdated", "INSERT OR IGNORE INTO main.misdated SELECT * FROM old.misdated"},
    Table{"clock_offsets", "INSERT OR IGNORE INTO main.clock_offsets SELECT * FROM old.clock_offsets"},
    Table{"titles", "INSERT OR IGNORE INTO main.titles SELECT * FROM old.titles"},
    Table{"shots", "INSERT OR IGNORE INTO main.shots SELECT * FROM old.shots"},
    Table{"agents", "INSERT OR IGNORE INTO main.agents SELECT * FROM old.agents"},
    Table{"enrolment_codes", "INSERT OR IGNORE INTO main.enrolment_codes SELECT * FROM old.enrolment_codes"},
    Table{"agent_entries", "INSERT OR IGNORE INTO main.agent_entries SELECT * FROM old.agent_entries"},
    Table{"sightings", "INSERT OR IGNORE INTO main.sightings SELECT * FROM old.sightings"},
    Table{"presence", "INSERT OR IGNORE INTO main.presence SELECT * FROM old.presence"},
    Table{"title_numbers", "INSERT OR IGNORE INTO main.title_numbers SELECT * FROM old.title_numbers"},
    Table{"clerk_keys", "INSERT OR IGNORE INTO main.clerk_keys SELECT * FROM old.clerk_keys"},
    Table{"items", "INSERT OR IGNORE INTO main.items SELECT * FROM old.items"},
    Table{"cases", "INSERT OR IGNORE INTO main.cases SELECT * FROM old.cases"},
    Table{"events", "INSERT OR IGNORE INTO main.events SELECT * FROM old.events"},
    Table{"feed_clocks", "INSERT OR IGNORE INTO main.feed_clocks SELECT * FROM old.feed_clocks"},
    Table{"feed_cursors", "INSERT OR IGNORE INTO main.feed_cursors SELECT * FROM old.feed_cursors"},
    Table{"visits", "INSERT OR IGNORE INTO main.visits SELECT * FROM old.visits"},
    Table{"decisions", "INSERT OR IGNORE INTO main.decisions SELECT * FROM old.decisions"},
    Table{"links", "INSERT OR IGNORE INTO main.links SELECT * FROM old.links"},
    Table{"alerts", "INSERT OR IGNORE INTO main.alerts SELECT * FROM old.alerts"},
    Table{"alert_decisions", "INSERT OR IGNORE INTO main.alert_decisions SELECT * FROM old.alert_decisions"},
    Table{"accounts", "INSERT OR IGNORE INTO main.accounts SELECT * FROM old.accounts"},
    Table{"sessions", "INSERT OR IGNORE INTO main.sessions SELECT * FROM old.sessions"},
};

constexpr const char* kAttach = "ATTACH DATABASE ?1 AS old";
constexpr const char* kDetach = "DETACH DATABASE old";
constexpr const char* kLook = "SELECT count(*) FROM old.sqlite_schema";

Result<void> copy(Database& fresh, const Table& table) {
  MJ_TRY(auto transaction, Transaction::begin(fresh, Transaction::Kind::write));
  MJ_CHECK(fresh.run(table.copy));
  return transaction.commit();
}

/// Errors: corrupt (not a database, or one without a readable schema).
Result<void> attach(const std::filesystem::path& old, Database& fresh) {
  MJ_CHECK(fresh.run(kAttach, old.native()));
  MJ_CHECK(fresh.first(kLook, [](const Statement& row) { return row.integer(0); }));
  return {};
}

/// Brings an index of an earlier version up to date, so that its tables have our columns.
Result<void> modernise(const std::filesystem::path& old) {
  MJ_TRY(const auto database, Database::open(old, Database::Mode::write));
  return migrate(*database);
}

}  // namespace

std::vector<std::string_view> carried_tables() {
  std::vector<std::string_view> names;
  for (const Table& table : kCarried) names.push_back(table.name);
  return names;
}

std::vector<std::string_view> tables_from_files() {
  return {"runs", "segments", "spans"};
}

std::vector<std::string_view> tables_made_again() {
  return {"title_patterns",  "word_marks",         "title_words",   "title_words_data",
          "title_words_idx", "title_words_config", "item_words",    "item_words_data",
          "item_words_idx",  "item_words_config",  "note_words",    "note_words_data",
          "note_words_idx",  "note_words_config",  "holds_unlogged"};
}

Result<void> carry_over(const std::filesystem::path& old, Database& fresh, Rebuilt& rebuilt) {
  if (auto modern = modernise(old); !modern) {
    spdlog::warn("index: the old index is not what it should be: {}", modern.error().message);
  }
  const auto attached = attach(old, fresh);
  for (const Table& table : kCarried) {
    auto copied = attached ? copy(fresh, table) : attached;
    if (copied) {
      rebuilt.carried.emplace_back(table.name);
      continue;
    }
    // Not even room for it: that is not the old index's fault.
    if (copied.error().kind == ErrorKind::no_space) return copied;
    rebuilt.lost.push_back(fmt::format("{}: {}", table.name, copied.error().message));
  }
  MJ_CHECK(look_for_numbers_again(fresh));
  // What could not even be attached cannot be detached either; both are the old index's matter.
  static_cast<void>(fresh.run(kDetach));
  return {};
}

}  // namespace mj::index
