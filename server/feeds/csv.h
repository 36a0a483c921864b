#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace mj::server {

/// One row of a table, and the line of the file where it begins (from 1).
struct TableRow {
  int line = 0;
  std::vector<std::string> cells;
};

/// Reads CSV (RFC 4180) as spreadsheets write it: any line end, quoted cells with line breaks and doubled
/// quotes, ="0012" for text that looks like a number, a first line sep=;. Blanks around a cell go. Borrowed:
/// `text` (UTF-8) must outlive it. Thread: one. Failure: a quote that nobody closes ends the reading.
class CsvReader {
 public:
  /// `delimiter` 0: the one of , ; tab | that the line `header_line` has most of. Lines before it are passed
  /// over.
  CsvReader(std::string_view text, char delimiter, int header_line);

  /// The next row that is not empty; nothing at the end. Errors: invalid ("line 7: …").
  [[nodiscard]] Result<std::optional<TableRow>> next();
  /// Bytes read so far.
  [[nodiscard]] size_t position() const { return position_; }

 private:
  [[nodiscard]] bool at_end() const { return position_ >= text_.size(); }
  [[nodiscard]] Result<std::string> cell();
  [[nodiscard]] Result<std::string> quoted();
  void end_line();

  std::string_view text_;
  size_t position_ = 0;
  int line_ = 1;
  char delimiter_;
};

}  // namespace mj::server
