#include "server/feeds/event_maker.h"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <set>

#include "server/digests.h"
#include "server/feeds/charset.h"
#include "server/feeds/moment.h"

namespace mj::server {
namespace {

namespace json = boost::json;

constexpr size_t kHashDigits = 24;
constexpr std::array<std::pair<std::string_view, int64_t>, 5> kSatisfaction{
    {{"非常满意", 5}, {"满意", 4}, {"基本满意", 3}, {"不满意", 2}, {"非常不满意", 1}}};

bool is_number(std::string_view field) {
  return field == "score" || field == "promised_days";
}

/// Text that people wrote stays as it is; what is compared gets its usual form.
bool is_prose(std::string_view field) {
  return field == "text" || field == "item_name" || field == "case";
}

/// A line break within a cell is no more than a blank, except in what people wrote.
std::string on_one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool blank = c == '\n' || c == '\r' || c == '\t';
    if (!blank) out.push_back(c);
    if (blank && !out.ends_with(' ')) out.push_back(' ');
  }
  return out;
}

/// What a spreadsheet makes of a long number that it takes for one: 2.02601E+17, the same for many cases.
/// JSON numbers beyond 20 digits come to the same, without the plus.
bool is_shortened_number(std::string_view text) {
  const size_t exponent = text.find_first_of("Ee");
  if (exponent == std::string_view::npos) return false;
  const std::string_view digits = text.substr(0, exponent);
  std::string_view power = text.substr(exponent + 1);
  const bool plus = power.starts_with('+');
  if (plus) power.remove_prefix(1);
  const auto only = [](std::string_view part, std::string_view allowed) {
    return !part.empty() && part.find_first_not_of(allowed) == std::string_view::npos;
  };
  const bool fraction = digits.find('.') != std::string_view::npos;
  return (plus || fraction) && only(digits, "0123456789.") && only(power, "0123456789");
}

std::string_view joint(std::string_view field) {
  if (field == "id" || field == "case") return "-";
  return field == "at" || field == "until" || field == "text" ? " " : "";
}

/// A number, when a number field holds one; else the text, for the parser to refuse.
json::value as_value(std::string_view field, const std::string& text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return is_number(field) && whole ? json::value(number) : json::value(text);
}

json::object event_object(const std::map<std::string, std::string>& values) {
  json::object event;
  json::object item;
  for (const std::string& field : config::event_fields()) {
    const auto value = values.find(field);
    if (value == values.end()) continue;
    const bool of_item = field.starts_with("item_") || field == "promised_days" || field == "risk";
    const std::string key = field.starts_with("item_") ? field.substr(5) : field;
    (of_item ? item : event)[key] = as_value(field, value->second);
  }
  if (!item.empty()) event["item"] = std::move(item);
  return event;
}

Result<void> check_digits(const std::string& text) {
  if (!is_shortened_number(text)) return {};
  return fail(
      ErrorKind::invalid,
      "\"{}\" is a number that a spreadsheet shortened, its last digits are lost; make the column text "
      "there and export it again",
      text);
}

}  // namespace

Result<void> EventMaker::use_columns(const std::vector<std::string>& names) {
  places_.clear();
  width_ = names.size();
  for (size_t i = 0; i < names.size(); ++i) places_.emplace(names[i], i);
  for (const auto& entry : mapping_.events) {
    // Where columns are named like fields, those that a table does not need are not there.
    const bool plain = entry.fields.size() == config::event_fields().size();
    for (const auto& [field, source] : entry.fields) {
      for (const auto& column : source.columns) {
        const bool needed = !plain || field == "at" || field == "type";
        if (!needed || places_.contains(column)) continue;
        return fail(ErrorKind::invalid,
                    "there is no column \"{}\" for {}; the columns are: {}. Correct the mapping, or its "
                    "header_line or delimiter",
                    column, field, fmt::join(names, ", "));
      }
    }
  }
  return {};
}

std::string EventMaker::raw_value(const std::string& field, const config::FieldSource& source,
                                  const std::vector<std::string>& cells) const {
  std::string value = source.fixed;
  for (const auto& column : source.columns) {
    const auto place = places_.find(column);
    const bool blank =
        place == places_.end() || place->second >= cells.size() || cells[place->second].empty();
    // A date without its time of day is not yet a time.
    if (blank && (field == "at" || field == "until")) return {};
    if (blank) continue;
    if (!value.empty()) value += joint(field);
    value += cells[place->second];
  }
  return value;
}

Result<std::string> EventMaker::window_id(const std::string& text) const {
  for (const auto& window : settings_.windows) {
    if (text == window.id || text == usual_width(window.name)) return window.id;
  }
  return fail(ErrorKind::invalid,
              "\"{}\" is no window of the settings, neither id nor name; say which it is under "
              "[values.window] of the mapping",
              text);
}

Result<std::string> EventMaker::meaning(const std::string& field, const std::string& text) const {
  const std::string line = field == "text" ? text : on_one_line(text);
  std::string usual = is_prose(field) ? line : usual_width(line);
  if (const auto values = mapping_.values.find(field); values != mapping_.values.end()) {
    for (const std::string& key : {text, usual}) {
      if (const auto value = values->second.find(key); value != values->second.end()) return value->second;
    }
  }
  if (field == "window") return window_id(usual);
  if (field == "at" || field == "until") {
    MJ_TRY(const WallTime moment, parse_moment(usual));
    return format_rfc3339(moment);
  }
  if (field == "score") {
    const auto* known =
        std::ranges::find(kSatisfaction, usual, [](const auto& entry) { return entry.first; });
    if (known != kSatisfaction.end()) return std::to_string(known->second);
  }
  if (!is_prose(field) || field == "case") MJ_CHECK(check_digits(usual));
  return usual;
}

std::string EventMaker::id_of(const config::EventMapping& entry, const std::string& id,
                              const std::vector<std::string>& cells) const {
  std::string own = id;
  if (own.empty()) {
    std::string all;
    for (const auto& cell : cells) all += cell + '\x1f';
    own = "row-" + to_hex(sha256(all)).substr(0, kHashDigits);
  }
  return entry.suffix.empty() ? own : own + ":" + entry.suffix;
}

/// Empty: the cells are where their columns are.
std::string EventMaker::wrong_width(const std::vector<std::string>& cells) const {
  for (size_t i = width_; i < cells.size(); ++i) {
    if (cells[i].empty()) continue;
    return fmt::format(
        "has {} cells, but there are {} columns; a cell that holds the delimiter must stand in "
        "quotation marks",
        cells.size(), width_);
  }
  return {};
}

MadeRow EventMaker::make(const std::vector<std::string>& cells) const {
  MadeRow row;
  if (auto wrong = wrong_width(cells); !wrong.empty()) {
    row.problems.push_back({"", std::move(wrong)});
    return row;
  }
  for (size_t i = 0; i < mapping_.events.size(); ++i) {
    const auto& entry = mapping_.events[i];
    std::map<std::string, std::string> values;
    std::optional<CellProblem> problem;
    for (const auto& [field, source] : entry.fields) {
      const std::string text = raw_value(field, source, cells);
      if (text.empty()) continue;
      auto value = meaning(field, text);
      if (!value && !problem) problem = {column_of(i, field), value.error().message};
      if (value) values[field] = std::move(*value);
    }
    // Of several events that a row can give, one without a time has not happened.
    if (!values.contains("at") && !problem && mapping_.events.size() > 1) continue;
    if (problem) {
      row.problems.push_back(std::move(*problem));
      continue;
    }
    values["id"] = id_of(entry, values["id"], cells);
    row.events.push_back({json::serialize(event_object(values)), i});
  }
  return row;
}

std::string EventMaker::column_of(size_t entry, std::string_view field) const {
  const std::string base(field.substr(0, field.find_first_of(".[")));
  const bool item = base == "item" && field.size() > 5;
  const std::string inner(item ? field.substr(5) : field);
  const auto& fields = mapping_.events.at(entry).fields;
  auto found = fields.find(item && (inner == "name" || inner == "code") ? "item_" + inner : inner);
  return found == fields.end() ? "" : fmt::format("{}", fmt::join(found->second.columns, " + "));
}

std::vector<std::string> EventMaker::columns() const {
  std::set<std::string> names;
  for (const auto& entry : mapping_.events) {
    for (const auto& [field, source] : entry.fields)
      names.insert(source.columns.begin(), source.columns.end());
  }
  return {names.begin(), names.end()};
}

}  // namespace mj::server
