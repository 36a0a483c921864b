#pragma once

#include <cstddef>
#include <cstdint>

#include "config/config.h"

namespace mj::agent {

/// One picture of the desktop, pointer included: packed B, G, R and a byte that means nothing. The pixels
/// belong to whoever made the picture and stand until it makes the next one.
struct Picture {
  const uint8_t* pixels = nullptr;
  std::ptrdiff_t stride = 0;  ///< bytes from row to row
  int width = 0, height = 0;  ///< pixels
  WallTime at;                ///< this machine's clock at the grab
  SteadyTime taken{};         ///< the same instant
  Duration at_error{0};       ///< the grab happened within `at` ± this

  [[nodiscard]] const uint8_t* row(int y) const { return pixels + stride * y; }
};

/// A larger desktop is not recorded: 8K UHD; the server's intake has the same bound.
inline constexpr int64_t kMaxPixels = 33'177'600;

}  // namespace mj::agent
