#pragma once

#include <functional>
#include <string>
#include <vector>

#include "index/sqlite.h"

/// Texts that are searched by words: window titles, items, and notes that people wrote. Their grams stand in
/// FTS tables without content; the texts stay where they are. A text never changes and is never removed, so
/// the two cannot part: each FTS table holds exactly the rows up to its mark, and the mark moves in the
/// transaction that adds them.
namespace mj::index {

enum class Texts { titles, items, decisions, events };

/// How many earlier texts may be caught up with while a new one is written: some milliseconds.
inline constexpr int kWordsAtOnce = 200;

/// Makes at most `most` texts of each kind searchable that are not yet. Called where texts are written; a
/// call too few only makes a text be found later.
[[nodiscard]] Result<void> make_words(Database& database, int most);

/// Newest first, every text of a kind that contains all words: `hit` is told its id and may say enough
/// (false). `go_on` is asked between pieces of work of a few milliseconds. False when that ended it, or when
/// texts are waiting for make_words().
[[nodiscard]] Result<bool> find_words(
    Database& database, Texts kind, const std::vector<std::string>& words,
    const std::function<Result<bool>(int64_t id, const std::string& text)>& hit,
    const std::function<bool()>& go_on);

}  // namespace mj::index
