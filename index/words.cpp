#include "index/words.h"

#include <algorithm>

#include "index/grams.h"
#include "index/unicode.h"

namespace mj::index {

namespace {

constexpr int64_t kPiece = 16'384;  // rows between two looks at the clock: a few milliseconds

constexpr const char* kMark = "SELECT upto FROM word_marks WHERE texts = ?1";
constexpr const char* kMoveMark =
    "INSERT INTO word_marks (texts, upto) VALUES (?1, ?2) ON CONFLICT (texts) DO UPDATE SET upto = "
    "excluded.upto";

/// One kind of text: where it is, and where its grams are. Decisions and events share a table: an id is twice
/// theirs, and one more for events.
struct Kind {
  Texts texts;
  const char* name;
  const char* following;  ///< ids and texts after the mark
  const char* text;       ///< of one
  const char* put;
  const char* find;
  int64_t times, plus;
};

constexpr const char* kPutTitle = "INSERT INTO title_words (rowid, grams) VALUES (?1, ?2)";
constexpr const char* kPutItem = "INSERT INTO item_words (rowid, grams) VALUES (?1, ?2)";
constexpr const char* kPutNote = "INSERT INTO note_words (rowid, grams) VALUES (?1, ?2)";
constexpr const char* kFindTitle =
    "SELECT rowid FROM title_words WHERE title_words MATCH ?1 AND rowid > ?2 AND rowid <= ?3 ORDER BY rowid "
    "DESC";
constexpr const char* kFindItem =
    "SELECT rowid FROM item_words WHERE item_words MATCH ?1 AND rowid > ?2 AND rowid <= ?3 ORDER BY rowid "
    "DESC";
constexpr const char* kFindNote =
    "SELECT rowid FROM note_words WHERE note_words MATCH ?1 AND rowid > ?2 AND rowid <= ?3 ORDER BY rowid "
    "DESC";

constexpr Kind kKinds[] = {
    {Texts::titles, "titles", "SELECT id, text FROM titles WHERE id > ?1 ORDER BY id LIMIT ?2",
     "SELECT text FROM titles WHERE id = ?1", kPutTitle, kFindTitle, 1, 0},
    {Texts::items, "items", "SELECT id, code || ' ' || name FROM items WHERE id > ?1 ORDER BY id LIMIT ?2",
     "SELECT code || ' ' || name FROM items WHERE id = ?1", kPutItem, kFindItem, 1, 0},
    {Texts::decisions, "decisions", "SELECT id, reason FROM decisions WHERE id > ?1 ORDER BY id LIMIT ?2",
     "SELECT reason FROM decisions WHERE id = ?1", kPutNote, kFindNote, 2, 0},
    {Texts::events, "events", "SELECT id, note FROM events WHERE id > ?1 ORDER BY id LIMIT ?2",
     "SELECT note FROM events WHERE id = ?1 AND counts = 1", kPutNote, kFindNote, 2, 1},
};

const Kind& kind_of(Texts texts) {
  for (const Kind& kind : kKinds) {
    if (kind.texts == texts) return kind;
  }
  return kKinds[0];
}

Result<int64_t> mark_of(Database& database, const Kind& kind) {
  MJ_TRY(const auto mark, database.first(
                              kMark, [](const Statement& row) { return row.integer(0); }, kind.name));
  return mark.value_or(0);
}

/// What is not text has no words, and is no reason to stop.
std::string folded_or_empty(const std::string& text) {
  auto folded = fold_text(text);
  return folded ? std::move(*folded) : std::string();
}

Result<void> make_words_of(Database& database, const Kind& kind, int most) {
  MJ_TRY(const int64_t mark, mark_of(database, kind));
  std::vector<std::pair<int64_t, std::string>> texts;
  MJ_CHECK(database.each(
      kind.following, [&](const Statement& row) { texts.emplace_back(row.integer(0), row.text(1)); }, mark,
      most));
  if (texts.empty()) return {};
  for (const auto& [id, text] : texts) {
    const auto grams = text.empty() ? std::string() : grams_of(folded_or_empty(text));
    if (!grams.empty()) MJ_CHECK(database.run(kind.put, id * kind.times + kind.plus, grams));
  }
  return database.run(kMoveMark, kind.name, texts.back().first);
}

}  // namespace

Result<void> make_words(Database& database, int most) {
  for (const Kind& kind : kKinds) MJ_CHECK(make_words_of(database, kind, most));
  return {};
}

Result<bool> find_words(Database& database, Texts texts, const std::vector<std::string>& words,
                        const std::function<Result<bool>(int64_t, const std::string&)>& hit,
                        const std::function<bool()>& go_on) {
  const std::string query = gram_query(words);
  if (query.empty()) return true;
  const Kind& kind = kind_of(texts);
  MJ_TRY(const int64_t mark, mark_of(database, kind));
  for (int64_t to = mark; to > 0; to -= kPiece) {
    if (!go_on()) return false;
    MJ_TRY(auto found, database.query(kind.find, query, std::max<int64_t>(0, to - kPiece) * kind.times,
                                      to * kind.times + kind.plus));
    for (int looked = 0;; ++looked) {
      MJ_TRY(const bool more, found.step());
      if (!more) break;
      if (looked % 64 == 63 && !go_on()) return false;
      if (found.integer(0) % kind.times != kind.plus) continue;
      const int64_t id = found.integer(0) / kind.times;
      MJ_TRY(const auto text, database.first(
                                  kind.text, [](const Statement& row) { return row.text(0); }, id));
      if (!text || !contains_all(folded_or_empty(*text), words)) continue;
      MJ_TRY(const bool wanted, hit(id, *text));
      if (!wanted) return true;
    }
  }
  bool all = true;
  MJ_CHECK(database.each(
      kind.following, [&](const Statement&) { all = false; }, mark, 1));
  return all;
}

}  // namespace mj::index
