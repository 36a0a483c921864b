#include "index/titles.h"

#include <re2/re2.h>

#include <algorithm>
#include <set>

#include "index/case_model.h"
#include "index/unicode.h"

namespace mj::index {

namespace {

constexpr size_t kMostNumbers = 8;
constexpr size_t kLeastCharacters = 6;
constexpr int kLeastDigits = 4;

constexpr const char* kPutNumber =
    "INSERT INTO title_numbers (folded, title) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
constexpr const char* kPatterns = "SELECT pattern FROM title_patterns";
constexpr const char* kDropPatterns = "DELETE FROM title_patterns";
constexpr const char* kPutPattern = "INSERT INTO title_patterns (pattern) VALUES (?1) ON CONFLICT DO NOTHING";
// The titles below the mark have not been looked through with these patterns.
constexpr const char* kMark =
    "INSERT OR REPLACE INTO word_marks (texts, upto) SELECT 'numbers', max(id) + 1 FROM titles"
    " HAVING count(*) > 0";
constexpr const char* kBelowMark =
    "SELECT id, text FROM titles WHERE id < (SELECT upto FROM word_marks WHERE texts = 'numbers')"
    " ORDER BY id DESC LIMIT ?1";
constexpr const char* kMoveMark = "UPDATE word_marks SET upto = ?1 WHERE texts = 'numbers'";
constexpr const char* kLatestSightings =
    "SELECT stream, from_us, ifnull(to_us, from_us) FROM sightings WHERE title = ?1 ORDER BY from_us DESC"
    " LIMIT 100";
constexpr const char* kMarkSightings = "UPDATE sightings SET numbered = 1 WHERE title = ?1";
constexpr const char* kHasNumber = "SELECT 1 FROM title_numbers WHERE title = ?1 LIMIT 1";
constexpr const char* kNewest =
    "SELECT from_us, to_us, title, numbered FROM sightings WHERE stream = ?1 AND from_us <= ?2"
    " ORDER BY from_us DESC LIMIT 1";
constexpr const char* kShotBefore = "SELECT max(at_us) FROM shots WHERE stream = ?1 AND at_us < ?2";
constexpr const char* kEndSighting = "UPDATE sightings SET to_us = ?3 WHERE stream = ?1 AND from_us = ?2";
// Between two sightings that are known already, a late shot is a moment; the newest goes on.
constexpr const char* kBegin =
    "INSERT OR REPLACE INTO sightings (stream, from_us, to_us, title, numbered) SELECT ?1, ?2,"
    " (SELECT ?2 WHERE EXISTS (SELECT 1 FROM sightings WHERE stream = ?1 AND from_us > ?2)), ?3, ?4";

struct Row {
  WallTime from;
  std::optional<WallTime> to;
  int64_t title = 0;
  bool numbered = false;
};

/// The numbers found so far, folded, each once.
class Found {
 public:
  void add(std::string_view text) {
    if (numbers_.size() >= kMostNumbers) return;
    auto number = fold_case_number(text);
    if (number && std::ranges::find(numbers_, *number) == numbers_.end())
      numbers_.push_back(std::move(*number));
  }
  [[nodiscard]] std::vector<std::string> take() { return std::move(numbers_); }

 private:
  std::vector<std::string> numbers_;
};

void add_matches(const re2::RE2& pattern, std::string_view title, Found& found) {
  const int groups = std::min(1, pattern.NumberOfCapturingGroups());
  size_t at = 0;
  for (size_t looked = 0; at <= title.size() && looked < kMostNumbers; ++looked) {
    re2::StringPiece pieces[2];
    const re2::StringPiece text(title.data(), title.size());
    if (!pattern.Match(text, at, title.size(), RE2::UNANCHORED, pieces, 2)) return;
    const auto& number = groups == 1 ? pieces[1] : pieces[0];
    found.add({number.data(), number.size()});
    const auto end = static_cast<size_t>(pieces[0].data() - title.data()) + pieces[0].size();
    at = std::max(end, at + 1);
  }
}

bool belongs_to_number(char32_t point) {
  return (point >= U'0' && point <= U'9') || (point >= U'a' && point <= U'z') || point == U'-';
}

/// One shot's title taken up. Thread and owner: one note_title().
class Watcher {
 public:
  Watcher(Database& database, int64_t stream, WallTime at, VisitUpdate& visits)
      : database_(database), stream_(stream), at_(at), visits_(visits) {}

  Result<void> show(int64_t title) {
    MJ_TRY(const auto before, newest());
    if (before) {
      MJ_TRY(const bool same, goes_on(*before, title));
      if (same) return {};
    }
    MJ_TRY(const auto number, database_.first(
                                  kHasNumber, [](const Statement&) { return true; }, title));
    MJ_CHECK(database_.run(kBegin, stream_, at_, title, number.has_value()));
    if (!number && !(before && before->numbered)) return {};
    return visits_.note_screen(database_, stream_, before ? before->from : at_, at_);
  }

 private:
  Result<std::optional<Row>> newest() {
    return database_.first(
        kNewest,
        [](const Statement& row) {
          return Row{row.time(0), row.maybe_time(1), row.integer(2), row.integer(3) != 0};
        },
        stream_, at_);
  }

  /// Whether the shot only shows what was shown; else ends that, if it is not over.
  Result<bool> goes_on(const Row& before, int64_t title) {
    if (before.to) {
      if (before.title != title || at_ - *before.to > kScreenSilence)
        return at_ <= *before.to && before.title == title;
      if (at_ > *before.to) MJ_CHECK(database_.run(kEndSighting, stream_, before.from, at_));
      return true;
    }
    MJ_TRY(const auto last,
           database_.first(
               kShotBefore, [](const Statement& row) { return row.maybe_time(0); }, stream_, at_));
    const WallTime seen = last.value_or(std::nullopt).value_or(before.from);
    const bool silent = at_ - seen > kScreenSilence;
    if (before.title == title && !silent) return true;
    MJ_CHECK(database_.run(kEndSighting, stream_, before.from, silent ? seen : at_));
    return false;
  }

  Database& database_;
  int64_t stream_;
  WallTime at_;
  VisitUpdate& visits_;
};

}  // namespace

TitlePatterns compile_title_patterns(const std::vector<std::string>& patterns) {
  RE2::Options options(RE2::Quiet);
  options.set_case_sensitive(false);  // folded titles are in small letters
  TitlePatterns compiled;
  for (const auto& pattern : patterns) {
    auto one = std::make_shared<const RE2>(pattern, options);
    if (one->ok()) compiled.push_back(std::move(one));
  }
  return compiled;
}

std::vector<std::string> numbers_in(std::string_view title, const TitlePatterns& patterns) {
  Found found;
  const auto folded = fold_text(title);
  if (!folded) return {};
  for (const auto& pattern : patterns) {
    add_matches(*pattern, title, found);
    add_matches(*pattern, *folded, found);
  }
  auto points = code_points_of(*folded);
  points += U' ';  // ends the last word
  std::u32string word;
  int digits = 0;
  for (const char32_t point : points) {
    if (belongs_to_number(point)) {
      word += point;
      digits += point >= U'0' && point <= U'9' ? 1 : 0;
      continue;
    }
    if (digits >= kLeastDigits && word.size() >= kLeastCharacters) found.add(utf8_of(word));
    word.clear();
    digits = 0;
  }
  return found.take();
}

Result<void> TitleNumbers::load() {
  if (loaded_) return {};
  std::vector<std::string> patterns;
  MJ_CHECK(database_.each(kPatterns, [&](const Statement& row) { patterns.push_back(row.text(0)); }));
  patterns_ = compile_title_patterns(patterns);
  loaded_ = true;
  return {};
}

Result<void> TitleNumbers::put(int64_t title, std::string_view text) {
  MJ_CHECK(load());
  bool more = false;
  for (const auto& number : numbers_in(text, patterns_)) {
    MJ_CHECK(database_.run(kPutNumber, number, title));
    more = more || database_.changes() > 0;
  }
  if (!more) return {};
  MJ_CHECK(database_.run(kMarkSightings, title));
  std::vector<std::pair<int64_t, Span>> seen;
  MJ_CHECK(database_.each(
      kLatestSightings,
      [&](const Statement& row) {
        seen.push_back({row.integer(0), {row.time(1), row.time(2)}});
      },
      title));
  for (const auto& [stream, span] : seen)
    MJ_CHECK(visits_.note_screen(database_, stream, span.begin, span.end));
  return {};
}

Result<void> TitleNumbers::catch_up(int most) {
  std::vector<std::pair<int64_t, std::string>> titles;
  MJ_CHECK(database_.each(
      kBelowMark, [&](const Statement& row) { titles.emplace_back(row.integer(0), row.text(1)); }, most));
  if (titles.empty()) return {};
  for (const auto& [id, text] : titles) MJ_CHECK(put(id, text));
  return database_.run(kMoveMark, titles.back().first);
}

Result<void> look_for_numbers_again(Database& database) {
  return database.run(kMark);
}

Result<void> follow_title_patterns(Database& database, const std::vector<std::string>& patterns) {
  std::set<std::string> known;
  MJ_CHECK(database.each(kPatterns, [&](const Statement& row) { known.insert(row.text(0)); }));
  if (known == std::set<std::string>(patterns.begin(), patterns.end())) return {};
  MJ_CHECK(database.run(kDropPatterns));
  for (const auto& pattern : patterns) MJ_CHECK(database.run(kPutPattern, pattern));
  return look_for_numbers_again(database);
}

Result<void> note_title(Database& database, int64_t stream, WallTime at, int64_t title, VisitUpdate& visits) {
  return Watcher(database, stream, at, visits).show(title);
}

}  // namespace mj::index
