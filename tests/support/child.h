#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace mj::test {

/// A program that the test starts and that never outlives it.
class Child {
 public:
  /// `output`: a file for what it prints, or empty for nowhere. `argv[0]` is looked up in PATH.
  explicit Child(const std::vector<std::string>& argv, const std::filesystem::path& output = {},
                 int inherited_fd = -1);
  ~Child();  // kills
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void signal(int number) const;
  /// Waits for its end: the exit code, or 128 + signal.
  int wait();

 private:
  pid_t pid_ = -1;
};

/// A virtual X display of its own, 640 × 480, without a window manager.
class Xvfb {
 public:
  /// `display`: ":7" to reuse a number, empty for a free one. `depth`: bits of colour.
  explicit Xvfb(const std::string& display = "", int depth = 24);
  [[nodiscard]] const std::string& display() const { return display_; }
  /// Ends the server as a crash would.
  void kill();

 private:
  std::string display_;
  std::unique_ptr<Child> child_;
};

}  // namespace mj::test
