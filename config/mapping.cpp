#include <algorithm>
#include <exception>
#include <set>

#include "config/checks.h"
#include "config/config.h"
#include "config/files.h"
#include "config/table_reader.h"

namespace mj::config {
namespace {

constexpr size_t kMaxFileBytes = 1U << 20;
constexpr size_t kMaxEvents = 20;
constexpr size_t kMaxColumns = 16;
constexpr size_t kMaxWordCharacters = 200;
constexpr size_t kMaxValues = 5000;
constexpr int64_t kMaxHeaderLine = 100;

Mapping::Encoding read_encoding(TableReader& reader) {
  const std::string text = reader.text("encoding", kMaxWordCharacters);
  if (text == "utf-8") return Mapping::Encoding::utf8;
  if (text == "gb18030") return Mapping::Encoding::gb18030;
  if (!text.empty() && text != "auto") reader.problem("encoding", R"("auto", "utf-8" or "gb18030")");
  return Mapping::Encoding::automatic;
}

char read_delimiter(TableReader& reader) {
  const auto* given = reader.node("delimiter");
  if (given == nullptr) return 0;
  const auto text = given->value<std::string>().value_or("");
  if (text == "," || text == ";" || text == "\t" || text == "|") return text.front();
  reader.problem("delimiter", R"(one of "," ";" "\t" "|")");
  return 0;
}

std::map<std::string, std::string> read_fixed(TableReader& reader, const std::string& path, Report& report) {
  std::map<std::string, std::string> fixed;
  const toml::table* table = reader.table("fixed", false);
  if (table == nullptr) return fixed;
  TableReader fields(*table, path + ".fixed", report);
  for (const std::string& field : event_fields()) {
    if (std::string text = fields.text(field, kMaxWordCharacters); !text.empty()) fixed[field] = text;
  }
  fields.finish();
  return fixed;
}

EventMapping read_event(const toml::table& table, const std::string& path, Report& report) {
  TableReader reader(table, path, report);
  EventMapping event;
  for (auto& [field, text] : read_fixed(reader, path, report)) event.fields[field].fixed = text;
  for (const std::string& field : event_fields()) {
    if (field == "type") continue;
    auto columns = reader.texts(field, kMaxColumns, kMaxWordCharacters);
    if (!columns.empty() && event.fields.contains(field)) {
      reader.problem(field, "a column or a fixed text, not both");
    }
    if (!columns.empty()) event.fields[field].columns = std::move(columns);
  }
  const std::string type = reader.text("type", kMaxWordCharacters);
  const std::string type_column = reader.text("type_column", kMaxWordCharacters);
  if (type.empty() == type_column.empty()) {
    reader.problem("type", "either type (\"ticket_called\", …) or type_column (a column that says it)");
  }
  event.fields["type"] = {type.empty() ? FieldSource{{type_column}, ""} : FieldSource{{}, type}};
  if (!event.fields.contains("at")) reader.problem("at", "the column of the event's time (missing)");
  const auto step = event.fields.find("step");
  const std::string usual =
      step != event.fields.end() && !step->second.fixed.empty() ? step->second.fixed : type;
  event.suffix = reader.text("id_suffix", kMaxWordCharacters);
  if (event.suffix.empty()) event.suffix = usual;
  reader.finish();
  return event;
}

/// One row may give several events: each needs an id of its own.
void check_suffixes(TableReader& reader, Mapping& mapping) {
  std::set<std::string> suffixes;
  for (const EventMapping& event : mapping.events) suffixes.insert(event.suffix);
  if (suffixes.size() < mapping.events.size()) {
    reader.problem("events", "an id_suffix of its own for each of several events of one type");
  }
  if (mapping.events.size() == 1) mapping.events.front().suffix.clear();
}

void read_values(TableReader& file, Mapping& mapping, Report& report) {
  const toml::table* values = file.table("values", false);
  if (values == nullptr) return;
  TableReader fields(*values, "values", report);
  for (const std::string& field : event_fields()) {
    const toml::table* table = fields.table(field, false);
    if (table == nullptr) continue;
    for (const auto& [cell, value] : *table) {
      const auto text = value.value<std::string>();
      if (text && mapping.values[field].size() < kMaxValues) {
        mapping.values[field][std::string(cell.str())] = *text;
      } else {
        report.add(line_of(cell.source()), "values." + field,
                   fmt::format("text in quotation marks for each cell, at most {}", kMaxValues));
      }
    }
  }
  fields.finish();
}

Mapping read_mapping(const toml::table& file, Report& report) {
  Mapping mapping;
  TableReader reader(file, "", report);
  mapping.encoding = read_encoding(reader);
  mapping.delimiter = read_delimiter(reader);
  mapping.header_line = static_cast<int>(reader.integer("header_line", 1, kMaxHeaderLine, 1));
  for (const auto& [table, path] : reader.tables("events", kMaxEvents, true)) {
    mapping.events.push_back(read_event(*table, path, report));
  }
  check_suffixes(reader, mapping);
  read_values(reader, mapping, report);
  reader.finish();
  return mapping;
}

}  // namespace

const std::vector<std::string>& event_fields() {
  static const std::vector<std::string> kFields{"id",        "type",          "at",   "until", "window",
                                                "ticket",    "case",          "step", "clerk", "item_code",
                                                "item_name", "promised_days", "risk", "score", "text",
                                                "corrects",  "withdraws"};
  return kFields;
}

Mapping plain_mapping() {
  Mapping mapping;
  EventMapping event;
  for (const std::string& field : event_fields()) event.fields[field].columns = {field};
  mapping.events.push_back(std::move(event));
  return mapping;
}

LoadedMapping load_mapping(const std::filesystem::path& file) {
  LoadedMapping loaded;
  Report report(file.string());
  try {
    const auto content = read_file(file, kMaxFileBytes);
    if (content) {
      loaded.mapping = read_mapping(toml::parse(content->text), report);
    } else {
      report.add(0, "", fmt::format("a readable mapping ({})", content.error().message));
    }
  } catch (const toml::parse_error& error) {
    report.add(line_of(error.source()), "", fmt::format("valid TOML ({})", error.description()));
  } catch (const std::exception& error) {
    report.add(0, "", fmt::format("a file that can be processed ({})", error.what()));
  }
  loaded.problems = report.take();
  return loaded;
}

}  // namespace mj::config
