#pragma once

#include <algorithm>

#include "config/config.h"

/// Numbers as entries and spool files hold them: little-endian. Offsets are the caller's to check.
namespace mj::agent {

inline void put_le(Bytes& out, std::size_t at, uint64_t value, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) out[at + i] = static_cast<uint8_t>(value >> (8 * i));
}
inline void put_u32(Bytes& out, std::size_t at, std::size_t value) {
  put_le(out, at, value, 4);
}
inline void put_u64(Bytes& out, std::size_t at, uint64_t value) {
  put_le(out, at, value, 8);
}
inline void append(Bytes& out, BytesView bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}
inline void append_u32(Bytes& out, std::size_t value) {
  out.resize(out.size() + 4);
  put_u32(out, out.size() - 4, value);
}
inline void append_u64(Bytes& out, uint64_t value) {
  out.resize(out.size() + 8);
  put_u64(out, out.size() - 8, value);
}

[[nodiscard]] inline uint64_t read_le(BytesView bytes, std::size_t at, std::size_t count) {
  uint64_t value = 0;
  for (std::size_t i = count; i > 0; --i) value = value << 8 | bytes[at + i - 1];
  return value;
}
[[nodiscard]] inline uint32_t read_u32(BytesView bytes, std::size_t at) {
  return static_cast<uint32_t>(read_le(bytes, at, 4));
}
[[nodiscard]] inline uint64_t read_u64(BytesView bytes, std::size_t at) {
  return read_le(bytes, at, 8);
}

}  // namespace mj::agent
