#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/report.h"

namespace mj::config {

/// Reads one TOML table key by key and reports what does not fit, at the line where it stands.
/// Owner: a function that reads one table; the toml::table and the Report must outlive it. Thread: the
/// caller's. Does not throw. A key that is absent or wrong gives the fallback, so that reading goes on and
/// finds every problem. Every key that is asked for counts as known; finish() reports the others.
class TableReader {
 public:
  /// `path` is the table's own key ("cameras[2]"), empty for the whole file.
  TableReader(const toml::table& table, std::string path, Report& report)
      : table_(table), path_(std::move(path)), report_(report) {}

  /// Optional text of one line, at most `max_characters` long; empty when absent or wrong.
  std::string text(std::string_view key, size_t max_characters);
  /// The same, but its absence and emptiness are problems; `meaning` says what was expected.
  std::string required_text(std::string_view key, size_t max_characters, std::string_view meaning);
  /// A text or a list of at most `max_count` texts, like those; empty when absent or wrong.
  std::vector<std::string> texts(std::string_view key, size_t max_count, size_t max_characters);
  /// Whatever stands there; null when absent.
  const toml::node* node(std::string_view key) { return find(key); }
  /// A whole number within [lowest, highest].
  int64_t integer(std::string_view key, int64_t lowest, int64_t highest, int64_t fallback);
  bool boolean(std::string_view key, bool fallback);
  /// A table; null when absent or something else.
  const toml::table* table(std::string_view key, bool required);
  /// The tables of an array of at most `max_count` tables ("[[cameras]]"), each with its path. With
  /// `required`, an absent or empty array is a problem.
  struct Item {
    const toml::table* table;
    std::string path;
  };
  std::vector<Item> tables(std::string_view key, size_t max_count, bool required = false);

  /// Makes a key known that is not asked for this time.
  void know(std::string_view key) { known_.emplace_back(key); }
  [[nodiscard]] bool has(std::string_view key) const { return table_.contains(key); }
  [[nodiscard]] std::string path_of(std::string_view key) const;
  /// Reports a problem at `key`, or at the table's head when the key is absent.
  void problem(std::string_view key, std::string expected);
  /// Reports every key nobody asked for.
  void finish();

 private:
  const toml::node* find(std::string_view key);

  const toml::table& table_;
  std::string path_;
  Report& report_;
  std::vector<std::string> known_;
};

}  // namespace mj::config
