#pragma once

#include <cstdint>
#include <filesystem>

#include "config/config.h"

namespace mj::index {

/// A file that holds space back, so that a full disk still lets the index commit, above all deletions
/// (storage law 5: SQLite cannot even DELETE without room for its log). Owner and thread: the writer. Does
/// not: make room by itself.
class Ballast {
 public:
  explicit Ballast(std::filesystem::path file, uint64_t bytes = kBytes);

  /// True: space was given back. False: there was none to give.
  bool release();
  /// Makes the file anew when four times its size is free, else leaves things as they are. Errors: as of the
  /// file system.
  [[nodiscard]] Result<void> restore();
  [[nodiscard]] bool held() const;

  static constexpr uint64_t kBytes = 16U << 20;

 private:
  std::filesystem::path file_;
  uint64_t bytes_;
};

}  // namespace mj::index
