#pragma once

#include <cstdint>
#include <vector>

#include "capture/agent/picture.h"

namespace mj::agent {

/// Which parts of a picture, in tiles of 64×64 pixels (less at the right and lower edge), row by row.
struct Tiles {
  static constexpr int kSide = 64;

  int columns = 0, rows = 0;
  std::vector<uint8_t> changed;  ///< columns × rows: 0 or 1
  int count = 0;                 ///< of ones

  [[nodiscard]] bool any() const { return count > 0; }
  [[nodiscard]] bool at(int column, int row) const {
    return changed[static_cast<std::size_t>(row) * columns + column] != 0;
  }
};

/// The change test: what of the desktop is not, pixel for pixel, as it was in the last shot. There is no
/// threshold: one pixel that differs by one level is a change, so that no edit is ever taken for nothing.
///
/// Owner: Screen. Thread: one. Keeps a copy of the last shot (8 MB at 1080p); an unchanged picture costs one
/// pass over both. Does not fail.
class Changes {
 public:
  /// All tiles when there is nothing to compare with or the size is another.
  [[nodiscard]] Tiles compare(const Picture& picture) const;
  /// `picture` is now the last shot; `tiles` is what compare() said of it.
  void keep(const Picture& picture, const Tiles& tiles);
  /// Nothing is known of the last shot: the next picture is all change.
  void forget() { width_ = height_ = 0; }

 private:
  std::vector<uint8_t> last_;  ///< rows of width_ × 4 bytes
  int width_ = 0, height_ = 0;
};

}  // namespace mj::agent
