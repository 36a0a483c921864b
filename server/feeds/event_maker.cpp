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

}  // namespace

Result<void> EventMaker::use_columns(const std::vector<std::string>& names) {
  places_.clear();
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
  std::string usual = is_prose(field) ? text : usual_width(text);
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

MadeRow EventMaker::make(const std::vector<std::string>& cells) const {
  MadeRow row;
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
