#pragma once

#include <toml++/toml.h>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace mj::config {

/// The list of what is wrong with one configuration file, while it is read.
/// Owner: load(), for one call. Thread: the caller's. Keeps at most kMaxProblems and counts the others, so
/// that a hostile file costs bounded memory. Does not decide what is wrong.
class Report {
 public:
  static constexpr size_t kMaxProblems = 1000;

  explicit Report(std::string file) : file_(std::move(file)) {}

  void add(int line, std::string key, std::string expected);
  /// Problems of another file that this one names.
  void add(std::vector<Problem> problems);

  /// Nothing more is listed: spare the work of explaining.
  [[nodiscard]] bool full() const { return problems_.size() >= kMaxProblems; }

  /// All problems in file order, ending with one that counts the problems that are not listed.
  [[nodiscard]] std::vector<Problem> take();

 private:
  std::string file_;
  std::vector<Problem> problems_;
  size_t unlisted_ = 0;
};

/// The line where a piece of the file begins; 0 when toml++ does not know it.
[[nodiscard]] int line_of(const toml::source_region& region);

}  // namespace mj::config
