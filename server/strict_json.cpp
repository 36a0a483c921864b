#include "server/strict_json.h"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse.hpp>

#include "server/limits.h"
#include "server/text.h"

namespace mj::server {
namespace {

/// Walks the text only to find a key that an object has twice; the tree parser would silently keep the last.
class DuplicateFinder {
 public:
  static constexpr std::size_t max_object_size = 1000;
  static constexpr std::size_t max_array_size = 100000;
  static constexpr std::size_t max_key_size = 256;
  static constexpr std::size_t max_string_size = kEventsBody;

  using error_code = json::error_code;
  using string_view = json::string_view;

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) {
    keys_.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t, error_code&) {
    keys_.pop_back();
    return true;
  }
  bool on_array_begin(error_code&) { return true; }
  bool on_array_end(std::size_t, error_code&) { return true; }
  bool on_key_part(string_view part, std::size_t, error_code&) {
    key_.append(part);
    return true;
  }
  bool on_key(string_view part, std::size_t, error_code& ec) {
    key_.append(part);
    if (!keys_.back().insert(key_).second) {
      duplicate = key_;
      ec = json::error::extra_data;
      return false;
    }
    key_.clear();
    return true;
  }
  bool on_string_part(string_view, std::size_t, error_code&) { return true; }
  bool on_string(string_view, std::size_t, error_code&) { return true; }
  bool on_number_part(string_view, error_code&) { return true; }
  bool on_int64(int64_t, string_view, error_code&) { return true; }
  bool on_uint64(uint64_t, string_view, error_code&) { return true; }
  bool on_double(double, string_view, error_code&) { return true; }
  bool on_bool(bool, error_code&) { return true; }
  bool on_null(error_code&) { return true; }
  bool on_comment_part(string_view, error_code&) { return true; }
  bool on_comment(string_view, error_code&) { return true; }

  std::optional<std::string> duplicate;

 private:
  std::vector<std::set<std::string>> keys_;
  std::string key_;
};

json::parse_options options() {
  json::parse_options options;
  options.max_depth = kJsonDepth;
  return options;
}

}  // namespace

tl::unexpected<Refusal> refuse(std::string path, std::string reason) {
  return tl::unexpected<Refusal>(Refusal{Error{ErrorKind::invalid, std::move(reason)}, std::move(path)});
}

Checked<json::value> parse_json(std::string_view text) {
  json::error_code ec;
  json::basic_parser<DuplicateFinder> finder(options());
  const std::size_t used = finder.write_some(false, text.data(), text.size(), ec);
  if (const auto& key = finder.handler().duplicate)
    return refuse("$", fmt::format("the key \"{}\" is there twice", *key));
  if (!ec && used < text.size()) ec = json::error::extra_data;
  if (ec) return refuse("$", fmt::format("the body is not JSON: {} near byte {}", ec.message(), used));
  json::value value = json::parse(text, ec, {}, options());
  if (ec) return refuse("$", fmt::format("the body is not JSON: {}", ec.message()));
  return value;
}

Checked<json::object> parse_json_object(std::string_view text) {
  auto value = parse_json(text);
  if (!value) return tl::unexpected<Refusal>(std::move(value).error());
  if (!value->is_object()) return refuse("$", "must be an object");
  return std::move(value->as_object());
}

std::vector<std::string_view> array_elements(std::string_view text) {
  std::vector<std::string_view> out;
  bool in_string = false;
  int depth = 0;
  std::size_t begin = 0;  // of the element; 0 before the array
  const auto finish = [&](std::size_t end) {
    auto element = text.substr(begin, end - begin);
    while (!element.empty() && std::isspace(static_cast<unsigned char>(element.front())))
      element.remove_prefix(1);
    while (!element.empty() && std::isspace(static_cast<unsigned char>(element.back())))
      element.remove_suffix(1);
    if (!element.empty()) out.push_back(element);
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (begin == 0) {
      if (c == '[') begin = i + 1;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (depth > 0) {
      if (c == ']' || c == '}') --depth;
    } else if (c == ',' || c == ']') {
      finish(i);
      if (c == ']') break;
      begin = i + 1;
    }
  }
  return out;
}

Fields::Fields(const json::object& object, std::string path) : object_(object), path_(std::move(path)) {}

std::string Fields::path_of(std::string_view name) const {
  return fmt::format("{}.{}", path_, name);
}

void Fields::fail(std::string_view name, std::string reason) {
  if (!problem_) problem_ = Refusal{Error{ErrorKind::invalid, std::move(reason)}, path_of(name)};
}

const json::value* Fields::take(std::string_view name, bool required) {
  known_.emplace(name);
  const json::value* value = object_.if_contains(name);
  if (value != nullptr && value->is_null() && !required) value = nullptr;
  if (value == nullptr && required) fail(name, "is missing");
  return value;
}

bool Fields::has(std::string_view name) {
  return take(name, false) != nullptr;
}

std::string Fields::text(std::string_view name, std::size_t most) {
  if (take(name, true) == nullptr) return {};
  std::string out = optional_text(name, most);
  if (out.empty()) fail(name, "must be text, not empty");
  return out;
}

std::string Fields::optional_text(std::string_view name, std::size_t most) {
  std::string out = free_text(name, most);
  const json::value* value = object_.if_contains(name);
  if (out.empty() && value != nullptr && value->is_string())
    fail(name, "must not be empty (leave it out instead)");
  if (!is_plain_text(out)) fail(name, "must not hold control characters");
  return out;
}

std::string Fields::free_text(std::string_view name, std::size_t most) {
  const json::value* value = take(name, false);
  if (value == nullptr) return {};
  const json::string* text = value->if_string();
  if (text == nullptr) {
    fail(name, "must be text");
    return {};
  }
  if (text->size() > most) {
    fail(name, fmt::format("is longer than {} bytes", most));
    return {};
  }
  return std::string(text->data(), text->size());
}

std::vector<std::string> Fields::optional_texts(std::string_view name, std::size_t most, std::size_t bytes) {
  const json::value* value = take(name, false);
  if (value == nullptr) return {};
  const json::array* list = value->if_array();
  std::vector<std::string> texts;
  for (std::size_t i = 0; list != nullptr && i < std::min(list->size(), most); ++i) {
    const json::string* text = (*list)[i].if_string();
    if (text == nullptr || text->empty() || text->size() > bytes || !is_plain_text(*text)) break;
    texts.emplace_back(text->data(), text->size());
  }
  if (list != nullptr && texts.size() == list->size()) return texts;
  fail(name, fmt::format("must be a list of at most {} texts of 1 to {} bytes", most, bytes));
  return {};
}

int64_t Fields::integer(std::string_view name, int64_t least, int64_t greatest) {
  const json::value* value = take(name, true);
  if (value == nullptr) return 0;
  const int64_t* number = value->if_int64();
  if (number == nullptr || *number < least || *number > greatest) {
    fail(name, fmt::format("must be a whole number from {} to {}", least, greatest));
    return 0;
  }
  return *number;
}

bool Fields::boolean(std::string_view name) {
  const json::value* value = take(name, true);
  if (value == nullptr) return false;
  if (!value->is_bool()) {
    fail(name, "must be true or false");
    return false;
  }
  return value->get_bool();
}

std::vector<std::vector<int64_t>> Fields::integer_rows(std::string_view name, std::size_t most,
                                                       std::size_t width, int64_t least, int64_t greatest) {
  const json::value* value = take(name, true);
  if (value == nullptr) return {};
  const json::array* list = value->if_array();
  std::vector<std::vector<int64_t>> rows;
  for (std::size_t i = 0; list != nullptr && i < std::min(list->size(), most); ++i) {
    const json::array* numbers = (*list)[i].if_array();
    if (numbers == nullptr || numbers->size() != width) break;
    rows.emplace_back();
    for (const json::value& number : *numbers) {
      const int64_t* whole = number.if_int64();
      if (whole != nullptr && *whole >= least && *whole <= greatest) rows.back().push_back(*whole);
    }
    if (rows.back().size() != width) break;
  }
  if (list != nullptr && rows.size() == list->size() && (rows.empty() || rows.back().size() == width))
    return rows;
  fail(name, fmt::format("must be a list of at most {} lists of {} whole numbers from {} to {}", most, width,
                         least, greatest));
  return {};
}

WallTime Fields::time(std::string_view name) {
  const std::string text = this->text(name, 64);
  if (problem_) return {};
  const auto parsed = parse_rfc3339(text);
  if (!parsed) fail(name, "must be RFC 3339 with an offset, like 2026-11-21T09:45:12+08:00");
  return parsed.value_or(WallTime{});
}

const json::object* Fields::optional_object(std::string_view name) {
  const json::value* value = take(name, false);
  if (value == nullptr) return nullptr;
  if (!value->is_object()) fail(name, "must be an object");
  return value->if_object();
}

Checked<void> Fields::finish() {
  if (problem_) return tl::unexpected<Refusal>(*problem_);
  for (const auto& field : object_) {
    const std::string_view key(field.key().data(), field.key().size());
    if (!known_.contains(key)) return refuse(path_of(is_plain_text(key) ? key : "?"), "is not known here");
  }
  return {};
}

}  // namespace mj::server
