#include "index/search.h"

#include <algorithm>

#include "index/cases.h"
#include "index/grams.h"
#include "index/impl.h"
#include "index/query_reader.h"
#include "index/unicode.h"
#include "index/visit_rows.h"
#include "index/words.h"

namespace mj::index {

namespace {

constexpr size_t kMostQueryBytes = 256;
constexpr int kMostHits = 100;
constexpr int kCandidates = 2'000;  // visits looked at for one query
constexpr Duration kPatience = std::chrono::milliseconds(60);

constexpr const char* kWindows = "SELECT id, name FROM windows ORDER BY removed_us IS NOT NULL, id";
constexpr const char* kClerks = "SELECT id, name FROM clerks";
constexpr const char* kClerkKeys = "SELECT clerk FROM clerk_keys WHERE key >= ?1 AND key < ?2 LIMIT 100";

// Visits by ticket, window, clerk or time alone; the newest first, so that the
// bound cuts the oldest.
constexpr const char* kByTicket =
    "SELECT id, ticket, window, called_us FROM visits WHERE ticket_key = ?1 "
    "AND ticket <> '' AND called_us >= ?2"
    " AND called_us < ?3 AND ifnull(finished_us, called_us + 14400000000) >= "
    "?5 ORDER BY called_us DESC LIMIT ?4";
constexpr const char* kAtWindow =
    "SELECT id, ticket, window, called_us FROM visits WHERE window = ?1 AND "
    "called_us >= ?2 AND called_us < ?3"
    " AND ifnull(finished_us, called_us + 14400000000) >= ?5 ORDER BY "
    "called_us DESC LIMIT ?4";
constexpr const char* kOfClerk =
    "SELECT id, ticket, window, called_us FROM visits WHERE clerk = ?1 AND "
    "clerk <> '' AND called_us >= ?2"
    " AND called_us < ?3 AND ifnull(finished_us, called_us + 14400000000) >= "
    "?5 ORDER BY called_us DESC LIMIT ?4";
constexpr const char* kAtTime =
    "SELECT id, ticket, window, called_us FROM visits WHERE ?1 = '' AND "
    "called_us >= ?2 AND called_us < ?3"
    " AND ifnull(finished_us, called_us + 14400000000) >= ?5 ORDER BY "
    "called_us DESC LIMIT ?4";

constexpr const char* kSightings =
    "SELECT streams.key, shots.at_us, program.text FROM sightings"
    " JOIN streams ON streams.id = sightings.stream"
    " JOIN shots ON shots.stream = sightings.stream AND shots.at_us = "
    "sightings.from_us"
    " JOIN titles AS program ON program.id = shots.program"
    " WHERE sightings.title = ?1 ORDER BY sightings.from_us DESC LIMIT 3";
constexpr const char* kItem = "SELECT code, name FROM items WHERE id = ?1";
constexpr const char* kCasesOfItem =
    "SELECT number FROM cases WHERE item = ?1 AND item IS NOT NULL ORDER BY "
    "newest_us DESC LIMIT 5";
constexpr const char* kDecision =
    "SELECT decisions.visit, cases.number, decisions.at_us, decisions.name "
    "FROM decisions"
    " JOIN cases ON cases.id = decisions.case_id WHERE decisions.id = ?1";
constexpr const char* kEventNote =
    "SELECT NULL, cases.number, events.at_us, events.source FROM events LEFT "
    "JOIN cases ON cases.id = events.case_id"
    " WHERE events.id = ?1";

Result<std::vector<Named>> all_named(Database& database, const char* sql) {
  std::vector<Named> all;
  MJ_CHECK(database.each(sql, [&](const Statement& row) { all.push_back({row.text(0), row.text(1)}); }));
  return all;
}

/// One query. Owner and thread: one Search::find().
class Finder {
 public:
  Finder(Database& database, ReadQuery read, std::vector<Named> windows, int limit, const Clock& clock)
      : database_(database),
        read_(std::move(read)),
        windows_(std::move(windows)),
        limit_(static_cast<size_t>(std::clamp(limit, 1, kMostHits))),
        clock_(clock),
        end_(clock.steady_now() + kPatience) {}

  Result<SearchAnswer> run(const std::string& query) {
    // A number may look like a ticket or a day; what is meant by it shows in
    // what there is.
    auto cases = search_cases(database_, query, static_cast<int>(limit_), CaseCursor());
    if (!cases && cases.error().kind != ErrorKind::invalid) return tl::unexpected(cases.error());
    if (cases) answer_.cases = std::move(*cases);
    MJ_CHECK(find_clerks());
    MJ_CHECK(find_visits());
    find_windows();
    if (!read_.words.empty()) {
      MJ_CHECK(find_items());
      MJ_CHECK(find_notes(Texts::decisions, kDecision));
      MJ_CHECK(find_notes(Texts::events, kEventNote));
      MJ_CHECK(find_titles());
    }
    tell_how_read();
    return std::move(answer_);
  }

 private:
  [[nodiscard]] std::function<bool()> in_time() {
    return [this] { return clock_.steady_now() < end_; };
  }

  /// Each word may name a clerk; several words must all name the same one.
  Result<void> find_clerks() {
    if (read_.words.empty()) return {};
    MJ_TRY(const auto clerks, all_named(database_, kClerks));
    std::vector<std::string> by_key;
    for (const auto& word : read_.words) MJ_CHECK(add_by_key(word, by_key));
    for (const auto& clerk : clerks) {
      const auto name = fold_text(clerk.name);
      const auto id = fold_text(clerk.id);
      const auto fits = [&](const std::string& word) {
        const bool by_name = name && word.size() > 1 && name->find(word) != std::string::npos;
        return by_name || (id && *id == word) ||
               std::ranges::find(by_key, word + "\n" + clerk.id) != by_key.end();
      };
      if (answer_.clerks.size() < limit_ && std::ranges::all_of(read_.words, fits))
        answer_.clerks.push_back(clerk);
    }
    return {};
  }

  /// Who is read aloud beginning with `word`, as "word\nclerk".
  Result<void> add_by_key(const std::string& word, std::vector<std::string>& found) {
    const bool letters = std::ranges::all_of(word, [](char c) { return c >= 'a' && c <= 'z'; });
    if (word.size() < 2 || !letters) return {};
    std::string end = word;
    ++end.back();
    return database_.each(
        kClerkKeys, [&](const Statement& row) { found.push_back(word + "\n" + row.text(0)); }, word, end);
  }

  struct Candidate {
    int64_t id;
    WallTime called;
  };

  Result<void> find_visits() {
    const bool by_clerk = read_.from && !answer_.clerks.empty();
    if (!read_.means_visits() || (!read_.words.empty() && !by_clerk)) return {};
    std::vector<Candidate> found;
    if (!read_.ticket.empty()) {
      MJ_CHECK(add_visits(kByTicket, ticket_key(read_.ticket), found));
    } else if (!read_.windows.empty()) {
      for (const auto& window : read_.windows) MJ_CHECK(add_visits(kAtWindow, window.id, found));
    } else if (by_clerk) {
      for (const auto& clerk : answer_.clerks) MJ_CHECK(add_visits(kOfClerk, clerk.id, found));
    } else {
      MJ_CHECK(add_visits(kAtTime, "", found));
    }
    std::ranges::stable_sort(found, {}, [&](const Candidate& one) {
      const Duration off = read_.moment ? one.called - *read_.moment : WallTime::max() - one.called;
      return off < Duration(0) ? -off : off;
    });
    if (found.size() > limit_) found.resize(limit_);
    for (const auto& one : found) {
      MJ_TRY(auto line, visit_line(database_, one.id));
      if (line) answer_.visits.push_back(std::move(*line));
    }
    return {};
  }

  /// Visits that went on in the time that was said, if any was.
  Result<void> add_visits(const char* sql, const std::string& key, std::vector<Candidate>& found) {
    const auto from = read_.from.value_or(WallTime::min() + kLongestVisit);
    return database_.each(
        sql,
        [&](const Statement& row) {
          const bool same_ticket = read_.ticket.empty() || plain_ticket(row.text(1)) == read_.ticket;
          const bool same_window =
              read_.windows.empty() ||
              std::ranges::find(read_.windows, row.text(2), &Named::id) != read_.windows.end();
          if (same_ticket && same_window) found.push_back({row.integer(0), row.time(3)});
        },
        key, from - kLongestVisit, read_.to.value_or(WallTime::max()), kCandidates, from);
  }

  void find_windows() {
    answer_.windows = read_.windows;
    if (!answer_.windows.empty() || read_.words.empty()) return;
    for (const auto& window : windows_) {
      const auto name = fold_text(window.name);
      if (name && answer_.windows.size() < limit_ && contains_all(*name, read_.words))
        answer_.windows.push_back(window);
    }
  }

  Result<void> find_items() {
    const auto hit = [&](int64_t id, const std::string&) -> Result<bool> {
      SearchAnswer::ItemHit item;
      MJ_CHECK(database_.each(
          kItem,
          [&](const Statement& row) {
            item.item = {row.text(0), row.text(1)};
          },
          id));
      MJ_CHECK(database_.each(
          kCasesOfItem, [&](const Statement& row) { item.cases.push_back(row.text(0)); }, id));
      answer_.items.push_back(std::move(item));
      return answer_.items.size() < limit_;
    };
    return look(Texts::items, hit);
  }

  Result<void> find_notes(Texts kind, const char* sql) {
    const auto hit = [&](int64_t id, const std::string& text) -> Result<bool> {
      MJ_CHECK(database_.each(
          sql,
          [&](const Statement& row) {
            SearchAnswer::Note note;
            if (!row.is_null(0)) note.visit = row.integer(0);
            if (!row.is_null(1)) note.case_number = row.text(1);
            note.at = row.time(2);
            note.by = row.text(3);
            note.text = text;
            answer_.notes.push_back(std::move(note));
          },
          id));
      return answer_.notes.size() < limit_;
    };
    MJ_CHECK(look(kind, hit));
    std::ranges::stable_sort(answer_.notes, std::greater(), &SearchAnswer::Note::at);
    return {};
  }

  Result<void> find_titles() {
    const auto hit = [&](int64_t id, const std::string& text) -> Result<bool> {
      MJ_CHECK(database_.each(
          kSightings,
          [&](const Statement& row) {
            answer_.titles.push_back({row.text(0), row.time(1), text, row.text(2)});
          },
          id));
      return answer_.titles.size() < limit_;
    };
    MJ_CHECK(look(Texts::titles, hit));
    std::ranges::stable_sort(answer_.titles, std::greater(), &SearchAnswer::TitleHit::at);
    if (answer_.titles.size() > limit_) answer_.titles.resize(limit_);
    return {};
  }

  template <class Hit>
  Result<void> look(Texts kind, const Hit& hit) {
    MJ_TRY(const bool all, find_words(database_, kind, read_.words, hit, in_time()));
    answer_.complete = answer_.complete && all;
    return {};
  }

  void tell_how_read() {
    const bool words = !answer_.titles.empty() || !answer_.items.empty() || !answer_.notes.empty();
    if (!answer_.visits.empty() && (read_.from || answer_.cases.empty())) {
      answer_.as = "visits";
    } else if (!answer_.cases.empty()) {
      answer_.as = "number";
    } else if (!answer_.clerks.empty()) {
      answer_.as = "clerk";
    } else if (words) {
      answer_.as = "words";
    }
    answer_.read_windows = std::move(read_.windows);
    answer_.read_ticket = std::move(read_.ticket);
    answer_.from = read_.from;
    answer_.to = read_.to;
    answer_.read_words = std::move(read_.words);
  }

  Database& database_;
  ReadQuery read_;
  std::vector<Named> windows_;
  size_t limit_;
  const Clock& clock_;
  SteadyTime end_;
  SearchAnswer answer_;
};

}  // namespace

Result<SearchAnswer> Search::find(const std::string& query, const std::string& timezone, int limit) const {
  if (query.size() > kMostQueryBytes)
    return fail(ErrorKind::invalid, "a query has at most {} bytes", kMostQueryBytes);
  MJ_TRY(const auto hall_time, HallTime::of(timezone));
  MJ_TRY(const auto lease, index_.impl_->readers->lease());
  MJ_TRY(auto windows, all_named(*lease, kWindows));
  MJ_TRY(auto read, read_query(query, windows, hall_time, index_.impl_->clock.now()));
  return Finder(*lease, std::move(read), std::move(windows), limit, index_.impl_->clock).run(query);
}

}  // namespace mj::index
