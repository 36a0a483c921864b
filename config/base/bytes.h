#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mj {

using Bytes = std::vector<uint8_t>;
using BytesView = std::span<const uint8_t>;
/// A payload between stages: immutable, shared, freed by its last reader.
using SharedBytes = std::shared_ptr<const Bytes>;

[[nodiscard]] inline BytesView as_bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
[[nodiscard]] inline std::string_view as_text(BytesView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// SHA-256 digest (FIPS 180-4).
using Digest = std::array<uint8_t, 32>;

/// Lower-case hexadecimal.
[[nodiscard]] std::string to_hex(BytesView bytes);

}  // namespace mj
