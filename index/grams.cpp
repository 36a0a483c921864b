#include "index/grams.h"

#include <algorithm>
#include <set>

#include "index/unicode.h"

namespace mj::index {

namespace {

/// Stretches of letters and digits.
std::vector<std::u32string> runs_of(std::string_view folded) {
  std::vector<std::u32string> runs;
  bool inside = false;
  for (const char32_t point : code_points_of(folded)) {
    const bool word = is_word_point(point);
    if (word && !inside) runs.emplace_back();
    if (word) runs.back() += point;
    inside = word;
  }
  return runs;
}

/// Three ASCII characters from `i` on.
bool has_three(const std::u32string& run, size_t i) {
  return i + 2 < run.size() && is_ascii(run[i]) && is_ascii(run[i + 1]) && is_ascii(run[i + 2]);
}

void add_grams(const std::u32string& run, std::set<std::string>& grams) {
  for (size_t i = 0; i < run.size(); ++i) {
    if (!is_ascii(run[i])) grams.insert(utf8_of(run.substr(i, 1)));
    if (i + 1 < run.size()) grams.insert(utf8_of(run.substr(i, 2)));
    if (has_three(run, i)) grams.insert(utf8_of(run.substr(i, 3)));
  }
}

/// Of the grams of a run in a query those that say most: a pair within three says nothing that the three do
/// not.
void add_asked(const std::u32string& run, std::set<std::string>& grams) {
  if (run.size() == 1) {
    if (!is_ascii(run[0])) grams.insert(utf8_of(run));
    return;
  }
  for (size_t i = 0; i + 1 < run.size(); ++i) {
    const bool within = has_three(run, i) || (i > 0 && has_three(run, i - 1));
    if (!within) grams.insert(utf8_of(run.substr(i, 2)));
    if (has_three(run, i)) grams.insert(utf8_of(run.substr(i, 3)));
  }
}

}  // namespace

std::string grams_of(std::string_view folded) {
  std::set<std::string> grams;
  for (const auto& run : runs_of(folded)) add_grams(run, grams);
  std::string text;
  for (const auto& gram : grams) text += (text.empty() ? "" : " ") + gram;
  return text;
}

std::string gram_query(const std::vector<std::string>& words) {
  std::set<std::string> grams;
  for (const auto& word : words) {
    for (const auto& run : runs_of(word)) add_asked(run, grams);
  }
  std::string query;
  for (const auto& gram : grams) query += (query.empty() ? "\"" : " \"") + gram + "\"";
  return query;
}

std::vector<std::string> split_words(std::string_view folded, size_t most) {
  std::vector<std::string> words;
  constexpr std::string_view kSpace = " \t\r\n\f\v";  // NFKC made every other space one of these
  while (words.size() < most) {
    const auto begin = folded.find_first_not_of(kSpace);
    if (begin == std::string_view::npos) break;
    folded.remove_prefix(begin);
    const auto end = std::min(folded.find_first_of(kSpace), folded.size());
    words.emplace_back(folded.substr(0, end));
    folded.remove_prefix(end);
  }
  return words;
}

bool contains_all(std::string_view folded, const std::vector<std::string>& words) {
  return std::ranges::all_of(words,
                             [&](const auto& word) { return folded.find(word) != std::string_view::npos; });
}

}  // namespace mj::index
