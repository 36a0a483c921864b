#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/config.h"

namespace mj::server {

/// What is wrong with a row, so that a person finds the cell.
struct CellProblem {
  std::string column;  ///< empty: the row as a whole
  std::string message;
};

/// An event made of a row, as POST /api/v1/events takes it.
struct MadeEvent {
  std::string json;
  size_t entry = 0;  ///< of Mapping::events
};

struct MadeRow {
  std::vector<MadeEvent> events;
  std::vector<CellProblem> problems;
};

/// Makes events of a table's rows as a mapping says. Owner: one import; mapping and settings must outlive it.
/// Thread: one; the process's time zone must be the hall's (use_time_zone). Does not: judge what an event
/// needs (event_parser.h does); only what gets lost on the way from a cell to a field.
class EventMaker {
 public:
  EventMaker(const config::Mapping& mapping, const config::Settings& settings)
      : mapping_(mapping), settings_(settings) {}

  /// The columns' names. Errors: invalid (one that the mapping names is not there).
  [[nodiscard]] Result<void> use_columns(const std::vector<std::string>& names);
  [[nodiscard]] MadeRow make(const std::vector<std::string>& cells) const;
  /// The column, or columns, that a field comes from; empty when none does.
  [[nodiscard]] std::string column_of(size_t entry, std::string_view field) const;
  /// All columns that the mapping names.
  [[nodiscard]] std::vector<std::string> columns() const;

 private:
  using Values = std::map<std::string, std::string, std::less<>>;

  [[nodiscard]] std::string raw_value(const std::string& field, const config::FieldSource& source,
                                      const std::vector<std::string>& cells) const;
  /// What the field's text means. Errors: invalid.
  [[nodiscard]] Result<std::string> meaning(const std::string& field, const std::string& text) const;
  [[nodiscard]] Result<std::string> window_id(const std::string& text) const;
  [[nodiscard]] std::string wrong_width(const std::vector<std::string>& cells) const;
  [[nodiscard]] std::string id_of(const config::EventMapping& entry, const std::string& id,
                                  const std::vector<std::string>& cells) const;

  const config::Mapping& mapping_;
  const config::Settings& settings_;
  std::map<std::string, size_t, std::less<>> places_;  ///< column → position
  size_t width_ = 0;                                   ///< number of columns
};

}  // namespace mj::server
