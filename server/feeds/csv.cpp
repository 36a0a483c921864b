#include "server/feeds/csv.h"

#include <algorithm>

#include "server/feeds/charset.h"

namespace mj::server {
namespace {

constexpr std::string_view kDelimiters = ",;\t|";
constexpr size_t kMaxCells = 1000;
constexpr size_t kMaxCellBytes = 1U << 20;

char most_used(std::string_view line) {
  const auto count = [line](char c) { return std::ranges::count(line, c); };
  return std::ranges::max(kDelimiters, {}, count);
}

}  // namespace

CsvReader::CsvReader(std::string_view text, char delimiter, int header_line)
    : text_(text), delimiter_(delimiter) {
  if (text_.starts_with("sep=")) end_line();
  while (line_ < header_line && !at_end()) end_line();
  const auto rest = text_.substr(position_);
  if (delimiter_ == 0) delimiter_ = most_used(rest.substr(0, rest.find_first_of("\r\n")));
}

/// Goes behind the next line end.
void CsvReader::end_line() {
  position_ = std::min(text_.find_first_of("\r\n", position_), text_.size());
  if (at_end()) return;
  position_ += text_.substr(position_).starts_with("\r\n") ? 2 : 1;
  ++line_;
}

Result<std::string> CsvReader::quoted() {
  const int begun = line_;
  std::string out;
  for (++position_; !at_end(); ++position_) {
    const char c = text_[position_];
    if (c == '\n') ++line_;
    if (c == '"') {
      ++position_;
      if (at_end() || text_[position_] != '"') return out;
    }
    if (out.size() >= kMaxCellBytes) break;
    out.push_back(c);
  }
  return fail(ErrorKind::invalid, "line {}: a quotation mark (\") is opened here and not closed", begun);
}

Result<std::string> CsvReader::cell() {
  const bool formula = text_.substr(position_).starts_with("=\"");
  if (formula) ++position_;
  std::string out;
  if (!at_end() && text_[position_] == '"') {
    MJ_TRY(out, quoted());
  }
  const char ends[] = {delimiter_, '\r', '\n'};
  const size_t end =
      std::min(text_.find_first_of(std::string_view(ends, std::size(ends)), position_), text_.size());
  out += text_.substr(position_, end - position_);
  position_ = end;
  return std::string(trimmed(out));
}

Result<std::optional<TableRow>> CsvReader::next() {
  while (!at_end()) {
    TableRow row;
    row.line = line_;
    while (true) {
      MJ_TRY(auto one, cell());
      row.cells.push_back(std::move(one));
      if (row.cells.size() > kMaxCells) {
        return fail(ErrorKind::invalid, "line {}: more than {} columns", row.line, kMaxCells);
      }
      if (at_end() || text_[position_] != delimiter_) break;
      ++position_;
    }
    end_line();
    const bool blank = std::ranges::all_of(row.cells, [](const auto& text) { return text.empty(); });
    if (!blank) return row;
  }
  return std::nullopt;
}

}  // namespace mj::server
