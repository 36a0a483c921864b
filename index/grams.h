#pragma once

#include <string>
#include <string_view>
#include <vector>

/// Words of languages that are written without spaces, made findable by FTS5: a text is stored as its
/// overlapping grams, and every text that contains a word has all grams of the word. Pure; all texts are
/// folded (fold_text).
namespace mj::index {

/// The grams of a text, separated by spaces: every character that is not ASCII alone, every pair of
/// neighbours, every three ASCII letters or digits. Neighbours are letters and digits with nothing between
/// them.
[[nodiscard]] std::string grams_of(std::string_view folded);

/// The FTS5 query for texts that may contain all of `words`; empty when they say too little to look for (one
/// ASCII character). It holds letters, digits, spaces and quotes that we put there: nothing in a word is an
/// operator.
[[nodiscard]] std::string gram_query(const std::vector<std::string>& words);

/// The words of a text as people separate them, by white space; at most `most`.
[[nodiscard]] std::vector<std::string> split_words(std::string_view folded, size_t most);

/// Grams only suggest; this is what a hit is.
[[nodiscard]] bool contains_all(std::string_view folded, const std::vector<std::string>& words);

}  // namespace mj::index
