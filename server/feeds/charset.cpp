#include "server/feeds/charset.h"

#include <iconv.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "server/text.h"

namespace mj::server {
namespace {

constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";
constexpr std::string_view kUtf16Marks[] = {"\xFF\xFE", "\xFE\xFF"};
constexpr std::string_view kBlanks[] = {" ", "\t", "\r", "\n", "\u00A0", "\u3000"};

struct CloseConverter {
  using pointer = iconv_t;
  void operator()(iconv_t handle) const { iconv_close(handle); }
};

Result<std::string> convert(std::string_view bytes, const char* from) {
  const std::unique_ptr<iconv_t, CloseConverter> converter(iconv_open("UTF-8", from));
  // iconv_open() says "no" by the pointer -1.
  if (reinterpret_cast<intptr_t>(converter.get()) == -1) {
    return fail(ErrorKind::internal, "this machine's C library does not know {}", from);
  }
  std::string out;
  std::string piece(64 * 1024, '\0');
  std::string input(bytes);
  char* next = input.data();
  size_t left = input.size();
  while (left > 0) {
    char* to = piece.data();
    size_t room = piece.size();
    const size_t done = iconv(converter.get(), &next, &left, &to, &room);
    const int why = errno;
    out.append(piece.data(), piece.size() - room);
    if (done != static_cast<size_t>(-1) || why == E2BIG) continue;
    const auto line = 1 + std::ranges::count(std::string_view(input.data(), input.size() - left), '\n');
    return fail(ErrorKind::invalid,
                "line {}: neither UTF-8 nor {}; save the file as \"CSV UTF-8\" and try again", line, from);
  }
  return out;
}

}  // namespace

std::string_view without_mark(std::string_view text) {
  if (text.starts_with(kUtf8Mark)) text.remove_prefix(kUtf8Mark.size());
  return text;
}

Result<std::string> to_utf8(std::string bytes, config::Mapping::Encoding encoding) {
  using Encoding = config::Mapping::Encoding;
  bytes.erase(0, bytes.size() - without_mark(bytes).size());
  if (encoding == Encoding::gb18030) return convert(bytes, "GB18030");
  if (is_utf8(bytes)) return bytes;
  if (encoding == Encoding::utf8) {
    return fail(ErrorKind::invalid, "the file is not UTF-8; leave `encoding` out of the mapping to find out");
  }
  for (const std::string_view mark : kUtf16Marks) {
    if (bytes.starts_with(mark)) return convert(bytes, "UTF-16");
  }
  return convert(bytes, "GB18030");
}

std::string_view trimmed(std::string_view text) {
  for (bool more = true; more;) {
    more = false;
    for (const std::string_view blank : kBlanks) {
      if (text.starts_with(blank)) more = true, text.remove_prefix(blank.size());
      if (text.ends_with(blank)) more = true, text.remove_suffix(blank.size());
    }
  }
  return text;
}

std::string usual_width(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = [&](size_t offset) {
      return i + offset < text.size() ? static_cast<uint8_t>(text[i + offset]) : uint8_t{0};
    };
    // UTF-8 of U+FF01 … U+FF5E is EF BC 81 … EF BD 9E, of U+3000 E3 80 80.
    const uint32_t code = (byte(0) & 0x0FU) << 12 | (byte(1) & 0x3FU) << 6 | (byte(2) & 0x3FU);
    const bool wide = byte(0) == 0xEF && code >= 0xFF01 && code <= 0xFF5E;
    const bool blank = byte(0) == 0xE3 && code == 0x3000;
    out.push_back(wide ? static_cast<char>(code - 0xFEE0) : blank ? ' ' : text[i]);
    if (wide || blank) i += 2;
  }
  return std::string(trimmed(out));
}

}  // namespace mj::server
