#include "config/report.h"

#include <algorithm>

namespace mj::config {

std::string Problem::to_string() const {
  std::string text = file;
  if (line > 0) text += fmt::format(":{}", line);
  if (!key.empty()) text += fmt::format(": {}", key);
  return text + ": " + expected;
}

void Report::add(int line, std::string key, std::string expected) {
  if (full()) {
    ++unlisted_;
    return;
  }
  problems_.push_back({file_, line, std::move(key), std::move(expected)});
}

void Report::add(std::vector<Problem> problems) {
  for (auto& problem : problems) {
    if (full()) {
      ++unlisted_;
    } else {
      problems_.push_back(std::move(problem));
    }
  }
}

std::vector<Problem> Report::take() {
  std::stable_sort(problems_.begin(), problems_.end(),
                   [](const Problem& a, const Problem& b) { return a.line < b.line; });
  if (unlisted_ > 0) {
    problems_.push_back({file_, 0, "", fmt::format("{} more problems are not listed", unlisted_)});
  }
  return std::move(problems_);
}

int line_of(const toml::source_region& region) {
  return static_cast<int>(region.begin.line);
}

}  // namespace mj::config
