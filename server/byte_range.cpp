#include "server/byte_range.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace mj::server {
namespace {

tl::unexpected<Error> unsatisfiable() {
  return fail(ErrorKind::invalid, "the Range is not one range of bytes within the segment");
}

/// Digits only: from_chars alone would take a sign.
std::optional<uint64_t> digits(std::string_view text) {
  uint64_t value = 0;
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Result<ByteRange> parse_range(std::string_view header, uint64_t size, uint64_t most) {
  if (header.empty()) return ByteRange{0, size, false};
  constexpr std::string_view kUnit = "bytes=";
  if (!header.starts_with(kUnit)) return unsatisfiable();
  const auto spec = header.substr(kUnit.size());
  const auto dash = spec.find('-');
  if (dash == std::string_view::npos) return unsatisfiable();
  const auto first_text = spec.substr(0, dash);
  const auto last_text = spec.substr(dash + 1);

  if (first_text.empty()) {  // the last n bytes
    const auto suffix = digits(last_text);
    if (!suffix || *suffix == 0 || size == 0) return unsatisfiable();
    const uint64_t bytes = std::min(*suffix, size);
    return ByteRange{size - bytes, std::min(bytes, most), true};
  }
  const auto first = digits(first_text);
  const auto last = last_text.empty() ? std::optional<uint64_t>(UINT64_MAX) : digits(last_text);
  if (!first || !last || *last < *first || *first >= size) return unsatisfiable();
  const uint64_t end = *last >= size ? size : *last + 1;
  return ByteRange{*first, std::min(end - *first, most), true};
}

std::string content_range(const ByteRange& range, uint64_t size) {
  return fmt::format("bytes {}-{}/{}", range.offset, range.offset + range.bytes - 1, size);
}

std::string content_range(uint64_t size) {
  return fmt::format("bytes */{}", size);
}

}  // namespace mj::server
