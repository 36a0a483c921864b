#include "index/titles.h"

#include <algorithm>

#include "index/case_model.h"
#include "index/unicode.h"
#include "index/visits.h"

namespace mj::index {

namespace {

constexpr size_t kMostNumbers = 8;
constexpr size_t kLeastCharacters = 6;
constexpr int kLeastDigits = 4;
/// A screen that nobody photographed for so long no longer counts as showing what it did.
constexpr Duration kSilence = std::chrono::minutes(10);

constexpr const char* kPutNumber =
    "INSERT INTO title_numbers (folded, title) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
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

bool belongs_to_number(char32_t point) {
  return (point >= U'0' && point <= U'9') || (point >= U'a' && point <= U'z') || point == U'-';
}

/// One shot's title taken up. Thread and owner: one note_title().
class Watcher {
 public:
  Watcher(Database& database, int64_t stream, WallTime at) : database_(database), stream_(stream), at_(at) {}

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
    VisitUpdate update;
    MJ_CHECK(update.note_screen(database_, stream_, before ? before->from : at_, at_));
    return update.work_off(database_);
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
      if (before.title != title || at_ - *before.to > kSilence)
        return at_ <= *before.to && before.title == title;
      if (at_ > *before.to) MJ_CHECK(database_.run(kEndSighting, stream_, before.from, at_));
      return true;
    }
    MJ_TRY(const auto last,
           database_.first(
               kShotBefore, [](const Statement& row) { return row.maybe_time(0); }, stream_, at_));
    const WallTime seen = last.value_or(std::nullopt).value_or(before.from);
    const bool silent = at_ - seen > kSilence;
    if (before.title == title && !silent) return true;
    MJ_CHECK(database_.run(kEndSighting, stream_, before.from, silent ? seen : at_));
    return false;
  }

  Database& database_;
  int64_t stream_;
  WallTime at_;
};

}  // namespace

std::vector<std::string> numbers_in(std::string_view title) {
  std::vector<std::string> numbers;
  const auto folded = fold_text(title);
  if (!folded) return numbers;
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
    if (digits >= kLeastDigits && word.size() >= kLeastCharacters && numbers.size() < kMostNumbers) {
      if (auto number = fold_case_number(utf8_of(word))) numbers.push_back(std::move(*number));
    }
    word.clear();
    digits = 0;
  }
  return numbers;
}

Result<void> put_numbers(Database& database, int64_t title, std::string_view text) {
  const auto numbers = numbers_in(text);
  for (const auto& number : numbers) MJ_CHECK(database.run(kPutNumber, number, title));
  return numbers.empty() ? Result<void>{} : database.run(kMarkSightings, title);
}

Result<void> note_title(Database& database, int64_t stream, WallTime at, int64_t title) {
  return Watcher(database, stream, at).show(title);
}

}  // namespace mj::index
