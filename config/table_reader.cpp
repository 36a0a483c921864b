#include "config/table_reader.h"

#include <algorithm>

#include "config/checks.h"

namespace mj::config {
namespace {

constexpr size_t kLongestPrintedKey = 64;

}  // namespace

const toml::node* TableReader::find(std::string_view key) {
  known_.emplace_back(key);
  return table_.get(key);
}

std::string TableReader::text(std::string_view key, size_t max_characters) {
  const toml::node* node = find(key);
  if (node == nullptr) return {};
  const auto* value = node->as_string();
  if (value == nullptr) {
    problem(key, "text in quotation marks");
    return {};
  }
  const std::string& text = value->get();
  if (!is_one_line(text) || character_count(text) > max_characters) {
    problem(key, fmt::format("one line of at most {} characters", max_characters));
    return {};
  }
  return text;
}

std::string TableReader::required_text(std::string_view key, size_t max_characters,
                                       std::string_view meaning) {
  std::string value = text(key, max_characters);
  const bool wrong_already_said = has(key) && value.empty() && table_.get(key)->value<std::string>() != "";
  if (value.find_first_not_of(' ') == std::string::npos && !wrong_already_said) {
    problem(key, fmt::format("{}{}", meaning, has(key) ? ", not empty" : " (missing)"));
  }
  return value;
}

std::vector<std::string> TableReader::texts(std::string_view key, size_t max_count, size_t max_characters) {
  const toml::node* given = find(key);
  if (given == nullptr) return {};
  std::vector<std::string> texts;
  const auto take = [&](const toml::node& one) {
    const auto text = one.value<std::string>();
    const bool fits =
        text && !text->empty() && is_one_line(*text) && character_count(*text) <= max_characters;
    if (fits) texts.push_back(*text);
    return fits;
  };
  const auto* list = given->as_array();
  const bool good = list == nullptr
                        ? take(*given)
                        : !list->empty() && list->size() <= max_count && std::ranges::all_of(*list, take);
  if (good) return texts;
  problem(key, fmt::format("text in quotation marks, or a list of at most {} such texts", max_count));
  return {};
}

int64_t TableReader::integer(std::string_view key, int64_t lowest, int64_t highest, int64_t fallback) {
  const toml::node* node = find(key);
  if (node == nullptr) return fallback;
  const auto* value = node->as_integer();
  if (value == nullptr || value->get() < lowest || value->get() > highest) {
    problem(key, fmt::format("a whole number from {} to {}", lowest, highest));
    return fallback;
  }
  return value->get();
}

bool TableReader::boolean(std::string_view key, bool fallback) {
  const toml::node* node = find(key);
  if (node == nullptr) return fallback;
  const auto* value = node->as_boolean();
  if (value == nullptr) {
    problem(key, "true or false, without quotation marks");
    return fallback;
  }
  return value->get();
}

const toml::table* TableReader::table(std::string_view key, bool required) {
  const toml::node* node = find(key);
  if (node == nullptr) {
    if (required) problem(key, fmt::format("a section [{}] (missing)", path_of(key)));
    return nullptr;
  }
  if (!node->is_table()) problem(key, fmt::format("a section [{}]", path_of(key)));
  return node->as_table();
}

std::vector<TableReader::Item> TableReader::tables(std::string_view key, size_t max_count, bool required) {
  const toml::node* node = find(key);
  if (required && (node == nullptr || (node->is_array() && node->as_array()->empty()))) {
    problem(key, fmt::format("at least one [[{}]] entry (missing)", path_of(key)));
  }
  if (node == nullptr) return {};
  const auto* array = node->as_array();
  if (array == nullptr) {
    problem(key, fmt::format("a list: each entry begins with [[{}]], in double brackets", path_of(key)));
    return {};
  }
  if (array->size() > max_count) {
    problem(key, fmt::format("at most {} entries, not {}", max_count, array->size()));
    return {};
  }
  std::vector<Item> items;
  for (size_t i = 0; i < array->size(); ++i) {
    const toml::node& element = *array->get(i);
    std::string path = fmt::format("{}[{}]", path_of(key), i);
    if (const auto* entry = element.as_table()) {
      items.push_back({entry, std::move(path)});
    } else {
      report_.add(line_of(element.source()), std::move(path),
                  fmt::format("an entry that begins with [[{}]]", path_of(key)));
    }
  }
  return items;
}

std::string TableReader::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

void TableReader::problem(std::string_view key, std::string expected) {
  const toml::node* node = table_.get(key);
  const int head =
      path_.empty() ? 0 : line_of(table_.source());  // an absent key of the whole file has no line
  report_.add(node == nullptr ? head : line_of(node->source()), path_of(key), std::move(expected));
}

void TableReader::finish() {
  for (const auto& [key, node] : table_) {
    const std::string name(key.str());
    if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    const std::string meant = report_.full() ? "" : nearest(name, known_);
    std::string expected = meant.empty() ? fmt::format("a key that exists here: {}", fmt::join(known_, ", "))
                                         : fmt::format("a key that exists; did you mean \"{}\"?", meant);
    const bool printable = is_one_line(name) && name.size() <= kLongestPrintedKey;
    report_.add(line_of(key.source()), path_of(printable ? name : "(an odd key)"), std::move(expected));
  }
}

}  // namespace mj::config
