#include "index/corrections.h"

namespace mj::index {

namespace {

constexpr const char* kFact =
    "SELECT id, type, at_us, until_us, window, ticket, clerk, case_id FROM events WHERE id = ?1";
constexpr const char* kIsNamed = "SELECT 1 FROM events WHERE source = ?1 AND corrects = ?2 LIMIT 1";
// The event, the one it names, those that name the same one, and all that follow from these.
constexpr const char* kConcerned =
    "WITH RECURSIVE concerned (id, source_id, depth) AS ("
    "  SELECT id, source_id, 0 FROM events WHERE source = ?1 AND source_id IN (?2, ?3)"
    "  UNION SELECT id, source_id, 0 FROM events WHERE source = ?1 AND corrects = ?3"
    "  UNION SELECT events.id, events.source_id, depth + 1 FROM concerned"
    "    JOIN events ON events.source = ?1 AND events.corrects = concerned.source_id WHERE depth < ?4"
    ") SELECT DISTINCT id FROM concerned";
constexpr const char* kStanding = "SELECT source_id, type, corrects, counts FROM events WHERE id = ?1";
constexpr const char* kRival =
    "SELECT 1 FROM events WHERE source = ?1 AND corrects = ?2 AND type <> 'withdrawn'"
    " AND (length(source_id), source_id) > (length(?3), ?3) LIMIT 1";
constexpr const char* kIsWithdrawn =
    "SELECT 1 FROM events WHERE source = ?1 AND corrects = ?2 AND type = 'withdrawn' LIMIT 1";
constexpr const char* kCorrects = "SELECT corrects FROM events WHERE source = ?1 AND source_id = ?2";
constexpr const char* kSetCounts = "UPDATE events SET counts = ?2 WHERE id = ?1";

int64_t first_integer(const Statement& row) {
  return row.integer(0);
}

std::optional<std::string> maybe_text(const Statement& row, int column) {
  return row.is_null(column) ? std::nullopt : std::optional(row.text(column));
}

/// Whether the event `id`, or one that it goes back to, was withdrawn.
Result<bool> is_withdrawn(Database& database, const std::string& source, std::string id) {
  for (int depth = 0; depth <= kLongestChain; ++depth) {
    MJ_TRY(const auto withdrawn, database.first(kIsWithdrawn, first_integer, source, id));
    if (withdrawn) return true;
    MJ_TRY(const auto before,
           database.first(
               kCorrects, [](const Statement& row) { return maybe_text(row, 0); }, source, id));
    if (!before || !*before) return false;
    id = **before;
  }
  return false;
}

struct Standing {
  std::string source_id;
  bool withdrawal = false;
  std::optional<std::string> corrects;
  bool counts = false;
};

Result<bool> should_count(Database& database, const std::string& source, const Standing& event) {
  if (event.withdrawal) return false;
  MJ_TRY(const auto named, database.first(kIsNamed, first_integer, source, event.source_id));
  if (named) return false;
  if (!event.corrects) return true;
  MJ_TRY(const auto rival, database.first(kRival, first_integer, source, *event.corrects, event.source_id));
  if (rival) return false;
  MJ_TRY(const bool withdrawn, is_withdrawn(database, source, event.source_id));
  return !withdrawn;
}

/// True when that changed.
Result<bool> settle(Database& database, const std::string& source, int64_t id) {
  const auto standing = [](const Statement& row) {
    return Standing{row.text(0), row.text(1) == name(Event::Type::withdrawn), maybe_text(row, 2),
                    row.integer(3) != 0};
  };
  MJ_TRY(const auto event, database.first(kStanding, standing, id));
  if (!event) return false;
  MJ_TRY(const bool counts, should_count(database, source, *event));
  if (counts == event->counts) return false;
  MJ_CHECK(database.run(kSetCounts, id, counts));
  return true;
}

StoredFact fact_row(const Statement& row) {
  return {row.integer(0), event_type_from(row.text(1)).value_or(Event::Type::case_step),
          row.time(2),    row.maybe_time(3),
          row.text(4),    row.text(5),
          row.text(6),    row.is_null(7) ? std::nullopt : std::optional(row.integer(7))};
}

}  // namespace

Result<std::vector<StoredFact>> settle_corrections(Database& database, const std::string& source,
                                                   const Event& event, StoredFact fact) {
  const int64_t id = fact.id;
  std::vector<StoredFact> facts{std::move(fact)};
  MJ_TRY(const auto named, database.first(kIsNamed, first_integer, source, event.id));
  // Nearly all events correct nothing and are corrected by nothing.
  if (!named && event.corrects.empty()) return facts;
  std::vector<int64_t> concerned;
  MJ_CHECK(database.each(
      kConcerned, [&](const Statement& row) { concerned.push_back(row.integer(0)); }, source, event.id,
      event.corrects, kLongestChain));
  for (const int64_t other : concerned) {
    MJ_TRY(const bool is_changed, settle(database, source, other));
    if (!is_changed || other == id) continue;
    MJ_TRY(auto changed, database.first(kFact, fact_row, other));
    if (changed) facts.push_back(std::move(*changed));
  }
  return facts;
}

}  // namespace mj::index
