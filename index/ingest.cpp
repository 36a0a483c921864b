#include "index/ingest.h"

#include <set>

#include "index/case_number.h"
#include "index/corrections.h"
#include "index/feed_clock.h"
#include "index/index.h"
#include "index/visits.h"
#include "index/words.h"

namespace mj::index {

namespace {

constexpr size_t kMaxWord = 256;   // bytes of a ticket, step, staff number, code
constexpr size_t kMaxNote = 4096;  // bytes of what somebody wrote
constexpr int64_t kMaxPromisedDays = 3650;
constexpr WallTime kEarliest = from_us(946'684'800'000'000);  // 2000
constexpr WallTime kLatest = from_us(4'102'444'800'000'000);  // 2100

constexpr const char* kWindowExists = "SELECT 1 FROM windows WHERE id = ?1";
// A staff number nobody has told us yet is no reason to lose the event: it is its own name until the settings
// give one.
constexpr const char* kInsertClerk = "INSERT INTO clerks (id, name) VALUES (?1, ?1) ON CONFLICT DO NOTHING";
constexpr const char* kInsertItem = "INSERT INTO items (code, name) VALUES (?1, ?2)";
constexpr const char* kFindItem = "SELECT id FROM items WHERE code = ?1 AND name = ?2";
// What was said for the newest moment; of two for the same moment the greater.
constexpr const char* kPromise =
    "UPDATE items SET promised_days = ?2, promised_told_us = ?3 WHERE id = ?1"
    " AND (promised_told_us, ifnull(promised_days, 0)) < (?3, ?2)";
constexpr const char* kRisk =
    "UPDATE items SET risk = ?2, risk_told_us = ?3 WHERE id = ?1"
    " AND (risk_told_us, ifnull(risk, '')) < (?3, ?2)";
constexpr const char* kInsertCase =
    "INSERT INTO cases (number, folded, reversed, newest_us) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (folded) DO "
    "NOTHING";
constexpr const char* kFindCase = "SELECT id FROM cases WHERE folded = ?1";
constexpr const char* kInsertEvent =
    "INSERT INTO events (source, source_id, type, at_us, window, ticket, case_id, step, clerk, item, raw, "
    "received_us, clock_offset_us, corrects, until_us, score, note)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, nullif(?14, ''), ?15, ?16, nullif(?17, "
    "''))";
constexpr const char* kSameEvent = "SELECT raw FROM events WHERE source = ?1 AND source_id = ?2";

int64_t first_integer(const Statement& row) {
  return row.integer(0);
}

/// What is too long or missing in any event, as "key: sentence"; empty when nothing is.
std::string wrong_form(const Event& event) {
  const std::tuple<const char*, const std::string*, size_t> texts[] = {
      {"id", &event.id, kMaxWord},
      {"window", &event.window, kMaxWord},
      {"ticket", &event.ticket, kMaxWord},
      {"step", &event.step, kMaxWord},
      {"clerk", &event.clerk, kMaxWord},
      {"item.code", &event.item_code, kMaxWord},
      {"item.name", &event.item_name, 2 * kMaxWord},
      {"corrects", &event.corrects, kMaxWord},
      {"text", &event.note, kMaxNote}};
  for (const auto& [key, text, most] : texts) {
    if (text->size() > most) return fmt::format("{}: longer than {} bytes", key, most);
  }
  if (event.id.empty()) return "id: must not be empty";
  if (event.at < kEarliest || event.at > kLatest) return "at: must lie between the years 2000 and 2100";
  if (event.corrects == event.id) return "corrects: must name another event";
  if (event.promised_days && (*event.promised_days < 0 || *event.promised_days > kMaxPromisedDays)) {
    return fmt::format("item.promised_days: must be 0 to {}", kMaxPromisedDays);
  }
  const bool known_risk = event.risk.empty() || event.risk == "A" || event.risk == "B" || event.risk == "C";
  return known_risk ? "" : "item.risk: must be A, B or C";
}

/// What this type of event needs.
std::string wrong_duty(const Event& event) {
  if (event.clerk.empty()) return "clerk: must say whose duty it is";
  if (event.window.empty() && event.type != Event::Type::sign_out) return "window: must not be empty";
  if (event.type != Event::Type::roster) return {};
  if (!event.until || *event.until <= event.at) return "until: must be later than at";
  return *event.until - event.at <= kLongestRoster ? "" : "until: must be at most 31 days after at";
}

std::string wrong_meaning(const Event& event) {
  switch (event.type) {
    case Event::Type::ticket_called:
    case Event::Type::ticket_finished:
      if (event.window.empty()) return "window: must say at which window the ticket was served";
      return event.type == Event::Type::ticket_called && event.ticket.empty() ? "ticket: must not be empty"
                                                                              : "";
    case Event::Type::case_step:
      if (event.case_number.empty()) return "case: must not be empty";
      return event.step.empty() ? "step: must not be empty" : "";
    case Event::Type::roster:
    case Event::Type::sign_in:
    case Event::Type::sign_out:
      return wrong_duty(event);
    case Event::Type::rating:
      if (!event.score || *event.score < 1 || *event.score > 5) return "score: must be 1 to 5";
      return event.window.empty() && event.case_number.empty() ? "window: must not be empty without a case"
                                                               : "";
    case Event::Type::complaint:
      return event.note.empty() ? "text: must not be empty" : "";
    case Event::Type::withdrawn:
      return event.corrects.empty() ? "withdraws: must name the event that is taken back" : "";
  }
  return {};
}

/// Stores one event of a batch. Thread and owner: one ingest.
class Intake {
 public:
  Intake(Database& database, const std::string& source, WallTime now, Take how)
      : database_(database), source_(source), now_(now), how_(how), update_(now) {}

  /// Errors: invalid, as "key: sentence"; then nothing of the event is stored.
  Result<void> take(const Event& event) {
    const std::string wrong = fault_of(event);
    if (!wrong.empty()) return fail(ErrorKind::invalid, "{}", wrong);
    MJ_TRY(const auto same, told_as(event.id));
    return same ? repeat(event, *same) : add(event);
  }

  Result<Ingested> finish() {
    MJ_CHECK(update_.work_off(database_));
    // As many as came and some more: a large batch must not leave its words behind.
    MJ_CHECK(make_words(database_, ingested_.accepted + kWordsAtOnce));
    MJ_CHECK(clock_.keep(database_, source_, now_));
    return ingested_;
  }

  void refuse(size_t position, std::string message) {
    ingested_.refused.push_back({position, std::move(message)});
  }

 private:
  /// The content that came with that id.
  Result<std::optional<std::string>> told_as(const std::string& id) {
    return database_.first(
        kSameEvent, [](const Statement& row) { return row.text(0); }, source_, id);
  }

  Result<void> add(const Event& event) {
    MJ_CHECK(check_window(event.window));
    MJ_TRY(const auto folded, folded_number(event));
    return store(event, folded);
  }

  Result<void> repeat(const Event& event, const std::string& before) {
    if (before != event.raw && how_ == Take::each_row && event.corrects.empty()) return replace(event);
    if (before != event.raw) {
      spdlog::warn("feed {}: event \"{}\" came again with another content; the first one counts", source_,
                   event.id);
      ++ingested_.different;
    }
    ++ingested_.duplicates;
    return {};
  }

  /// A row was changed: that is a correction, under an id of its own. Of several the last one counts
  /// (corrections.h).
  Result<void> replace(const Event& event) {
    Event next = event;
    next.corrects = event.id;
    for (int version = 2;; ++version) {
      next.id = fmt::format("{}~{}", event.id, version);
      MJ_TRY(const auto told, told_as(next.id));
      if (!told) break;
      if (*told == event.raw) {
        ++ingested_.duplicates;
        return {};
      }
    }
    MJ_CHECK(add(next));
    ++ingested_.replaced;
    return {};
  }

  Result<void> check_window(const std::string& window) {
    if (window.empty() || windows_.contains(window)) return {};
    MJ_TRY(const auto known, database_.first(kWindowExists, first_integer, window));
    if (!known) return fail(ErrorKind::invalid, "window: no window \"{}\" in the settings", window);
    windows_.insert(window);
    return {};
  }

  Result<void> ensure_clerk(const std::string& clerk) {
    if (clerk.empty() || clerks_.contains(clerk)) return {};
    MJ_CHECK(database_.run(kInsertClerk, clerk));
    clerks_.insert(clerk);
    return {};
  }

  /// Empty: the event names no case.
  static Result<std::string> folded_number(const Event& event) {
    if (event.case_number.empty()) return std::string();
    auto folded = fold_case_number(event.case_number);
    if (!folded) return tl::unexpected(folded.error().within("case"));
    return folded;
  }

  Result<void> store(const Event& event, const std::string& folded) {
    MJ_CHECK(ensure_clerk(event.clerk));
    MJ_TRY(const auto item, item_id(event));
    MJ_TRY(const auto case_id, case_of(event, folded));
    MJ_CHECK(database_.run(kInsertEvent, source_, event.id, name(event.type), event.at, event.window,
                           event.ticket, case_id, event.step, event.clerk, item, event.raw, now_,
                           event.clock_offset, event.corrects, event.until, event.score, event.note));
    const int64_t id = database_.last_insert_id();
    ++ingested_.accepted;
    clock_.note(event, now_);
    StoredFact own{id, event.type, event.at, event.until, event.window, event.ticket, event.clerk, case_id};
    MJ_TRY(const auto facts, settle_corrections(database_, source_, event, std::move(own)));
    if (event.type == Event::Type::ticket_called && !event.corrects.empty()) {
      MJ_CHECK(follow_correction(database_, source_, event.corrects, id));
    }
    for (const StoredFact& fact : facts) MJ_CHECK(update_.note(database_, fact));
    return {};
  }

  Result<std::optional<int64_t>> item_id(const Event& event) {
    if (event.item_code.empty() && event.item_name.empty()) return std::nullopt;
    MJ_TRY(auto id, database_.first(kFindItem, first_integer, event.item_code, event.item_name));
    if (!id) {
      MJ_CHECK(database_.run(kInsertItem, event.item_code, event.item_name));
      id = database_.last_insert_id();
    }
    if (event.promised_days) MJ_CHECK(database_.run(kPromise, *id, *event.promised_days, event.at));
    if (!event.risk.empty()) MJ_CHECK(database_.run(kRisk, *id, event.risk, event.at));
    return id;
  }

  Result<std::optional<int64_t>> case_of(const Event& event, const std::string& folded) {
    if (folded.empty()) return std::nullopt;
    MJ_CHECK(database_.run(kInsertCase, event.case_number, folded, reversed_code_points(folded), event.at));
    if (database_.changes() > 0) return database_.last_insert_id();
    return database_.first(kFindCase, first_integer, folded);
  }

  Database& database_;
  const std::string& source_;
  WallTime now_;
  Take how_;
  VisitUpdate update_;
  FeedClock clock_;
  std::set<std::string> windows_, clerks_;  ///< that are known to be there
  Ingested ingested_;
};

}  // namespace

std::string fault_of(const Event& event) {
  std::string wrong = wrong_form(event);
  return wrong.empty() ? wrong_meaning(event) : wrong;
}

Result<Ingested> ingest_events(Database& database, const std::string& source,
                               const std::vector<Event>& events, WallTime now, Take how) {
  Intake intake(database, source, now, how);
  for (size_t i = 0; i < events.size(); ++i) {
    auto taken = intake.take(events[i]);
    if (taken) continue;
    Error error = taken.error();
    if (error.kind == ErrorKind::invalid && how != Take::all_or_none) {
      intake.refuse(i, std::move(error.message));
      continue;
    }
    if (error.kind == ErrorKind::invalid) error.message = fmt::format("events[{}].{}", i, error.message);
    return tl::unexpected(std::move(error));
  }
  return intake.finish();
}

}  // namespace mj::index
