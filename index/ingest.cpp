#include "index/ingest.h"

#include "index/case_number.h"
#include "index/index.h"
#include "index/visits.h"

namespace mj::index {

namespace {

constexpr size_t kMaxWord = 256;                              // bytes of a ticket, step, staff number, code
constexpr WallTime kEarliest = from_us(946'684'800'000'000);  // 2000
constexpr WallTime kLatest = from_us(4'102'444'800'000'000);  // 2100

constexpr const char* kWindowExists = "SELECT 1 FROM windows WHERE id = ?1";
// A staff number nobody has told us yet is no reason to lose the event: it is its own name until the settings
// give one.
constexpr const char* kInsertClerk = "INSERT INTO clerks (id, name) VALUES (?1, ?1) ON CONFLICT DO NOTHING";
constexpr const char* kInsertItem = "INSERT INTO items (code, name) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
constexpr const char* kFindItem = "SELECT id FROM items WHERE code = ?1 AND name = ?2";
constexpr const char* kInsertCase =
    "INSERT INTO cases (number, folded, reversed, newest_us) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (folded) DO "
    "NOTHING";
constexpr const char* kFindCase = "SELECT id FROM cases WHERE folded = ?1";
constexpr const char* kSetItem = "UPDATE cases SET item = ?2 WHERE id = ?1 AND item IS NOT ?2";
constexpr const char* kInsertEvent =
    "INSERT INTO events (source, source_id, type, at_us, window, ticket, case_id, step, clerk, item, raw, "
    "received_us)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
constexpr const char* kSameEvent = "SELECT raw FROM events WHERE source = ?1 AND source_id = ?2";

int64_t first_integer(const Statement& row) {
  return row.integer(0);
}

/// What is wrong with an event as it stands, as "key: sentence"; empty when nothing is.
std::string complaint(const Event& event) {
  const std::pair<const char*, const std::string*> words[] = {{"id", &event.id},
                                                              {"window", &event.window},
                                                              {"ticket", &event.ticket},
                                                              {"step", &event.step},
                                                              {"clerk", &event.clerk},
                                                              {"item.code", &event.item_code},
                                                              {"item.name", &event.item_name}};
  for (const auto& [key, word] : words) {
    if (word->size() > kMaxWord) return fmt::format("{}: longer than {} bytes", key, kMaxWord);
  }
  if (event.id.empty()) return "id: must not be empty";
  if (event.at < kEarliest || event.at > kLatest) return "at: must lie between the years 2000 and 2100";
  const bool step = event.type == Event::Type::case_step;
  if (!step && event.window.empty()) return "window: must say at which window the ticket was served";
  if (event.type == Event::Type::ticket_called && event.ticket.empty()) return "ticket: must not be empty";
  if (step && event.case_number.empty()) return "case: must not be empty";
  if (step && event.step.empty()) return "step: must not be empty";
  return {};
}

/// Stores one event of a batch. Thread and owner: one ingest.
class Intake {
 public:
  Intake(Database& database, const std::string& source, WallTime now)
      : database_(database), source_(source), now_(now) {}

  Result<void> take(const Event& event) {
    const std::string wrong = complaint(event);
    if (!wrong.empty()) return fail(ErrorKind::invalid, "{}", wrong);
    MJ_TRY(const auto same,
           database_.first(
               kSameEvent, [](const Statement& row) { return row.text(0); }, source_, event.id));
    if (same) return repeat(event, *same);
    MJ_CHECK(check_window(event.window));
    if (!event.clerk.empty()) MJ_CHECK(database_.run(kInsertClerk, event.clerk));
    MJ_TRY(const auto item, item_id(event));
    MJ_TRY(const auto case_id, case_of(event, item));
    MJ_CHECK(database_.run(kInsertEvent, source_, event.id, name(event.type), event.at, event.window,
                           event.ticket, case_id, event.step, event.clerk, item, event.raw, now_));
    ++ingested_.accepted;
    return update_.note(database_, event, case_id);
  }

  Result<Ingested> finish() {
    MJ_CHECK(update_.work_off(database_));
    return ingested_;
  }

 private:
  Result<void> repeat(const Event& event, const std::string& before) {
    if (before != event.raw) {
      spdlog::warn("feed {}: event \"{}\" came again with another content; the first one counts", source_,
                   event.id);
    }
    ++ingested_.duplicates;
    return {};
  }

  Result<void> check_window(const std::string& window) {
    if (window.empty()) return {};
    MJ_TRY(const auto known, database_.first(kWindowExists, first_integer, window));
    if (known) return {};
    return fail(ErrorKind::invalid, "window: no window \"{}\" in the settings", window);
  }

  Result<std::optional<int64_t>> item_id(const Event& event) {
    if (event.item_code.empty() && event.item_name.empty()) return std::nullopt;
    MJ_CHECK(database_.run(kInsertItem, event.item_code, event.item_name));
    return database_.first(kFindItem, first_integer, event.item_code, event.item_name);
  }

  Result<std::optional<int64_t>> case_of(const Event& event, const std::optional<int64_t>& item) {
    if (event.case_number.empty()) return std::nullopt;
    auto folded = fold_case_number(event.case_number);
    if (!folded) return tl::unexpected(folded.error().within("case"));
    MJ_CHECK(database_.run(kInsertCase, event.case_number, *folded, reversed_code_points(*folded), event.at));
    MJ_TRY(const auto id, database_.first(kFindCase, first_integer, *folded));
    if (id && item) MJ_CHECK(database_.run(kSetItem, *id, *item));
    return id;
  }

  Database& database_;
  const std::string& source_;
  WallTime now_;
  VisitUpdate update_;
  Ingested ingested_;
};

}  // namespace

Result<Ingested> ingest_events(Database& database, const std::string& source,
                               const std::vector<Event>& events, WallTime now) {
  Intake intake(database, source, now);
  for (size_t i = 0; i < events.size(); ++i) {
    auto taken = intake.take(events[i]);
    if (taken) continue;
    Error error = taken.error();
    if (error.kind == ErrorKind::invalid) error.message = fmt::format("events[{}].{}", i, error.message);
    return tl::unexpected(std::move(error));
  }
  return intake.finish();
}

}  // namespace mj::index
