#pragma once

#include <optional>
#include <string_view>

#include "config/config.h"

namespace mj::test {

[[nodiscard]] inline uint64_t big_endian(BytesView bytes, std::size_t at, std::size_t width) {
  uint64_t value = 0;
  for (std::size_t i = 0; i < width; ++i) value = value << 8 | bytes[at + i];
  return value;
}

/// Payload of a box by its path, "moof/traf/tfdt"; `nth` counts boxes of the first name. Nothing when a size
/// does not fit.
[[nodiscard]] inline std::optional<BytesView> find_box(BytesView bytes, std::string_view path, int nth = 0) {
  const std::string_view type = path.substr(0, path.find('/'));
  const std::string_view rest = path.size() > type.size() ? path.substr(type.size() + 1) : std::string_view{};
  while (bytes.size() >= 8) {
    const uint64_t size = big_endian(bytes, 0, 4);
    if (size < 8 || size > bytes.size()) return std::nullopt;
    const BytesView payload = bytes.subspan(8, size - 8);
    if (as_text(bytes.subspan(4, 4)) == type && nth-- == 0)
      return rest.empty() ? payload : find_box(payload, rest);
    bytes = bytes.subspan(size);
  }
  return std::nullopt;
}

/// Names of the boxes one after the other, "prft moof mdat"; "?" where the sizes do not add up.
[[nodiscard]] inline std::string box_names(BytesView bytes) {
  std::string names;
  while (!bytes.empty()) {
    const uint64_t size = bytes.size() < 8 ? 0 : big_endian(bytes, 0, 4);
    if (size < 8 || size > bytes.size()) return names + " ?";
    names += (names.empty() ? "" : " ") + std::string(as_text(bytes.subspan(4, 4)));
    bytes = bytes.subspan(size);
  }
  return names;
}

}  // namespace mj::test
