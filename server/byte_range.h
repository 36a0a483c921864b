#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "config/config.h"

namespace mj::server {

/// What of a representation of `size` bytes a request wants (RFC 9110 §14).
struct ByteRange {
  uint64_t offset = 0;
  uint64_t bytes = 0;
  bool partial = false;  ///< 206, else 200
};

/// The value of a Range header, empty for none. One `bytes` range; longer than `most` is shortened to it, as
/// a server may (RFC 9110 §15.3.7). Errors: invalid, for everything that deserves 416: other units, several
/// ranges, bad syntax, beyond the end.
[[nodiscard]] Result<ByteRange> parse_range(std::string_view header, uint64_t size, uint64_t most);

/// "bytes 0-99/1000"; with `size` alone "bytes */1000".
[[nodiscard]] std::string content_range(const ByteRange& range, uint64_t size);
[[nodiscard]] std::string content_range(uint64_t size);

}  // namespace mj::server
