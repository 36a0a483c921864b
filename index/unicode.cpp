#include "index/unicode.h"

#include <utf8proc.h>

#include <cstdlib>
#include <memory>

namespace mj::index {

namespace {

struct FreeText {
  void operator()(utf8proc_uint8_t* text) const {
    std::free(text);  // NOLINT: utf8proc allocates with malloc
  }
};
using UniqueText = std::unique_ptr<utf8proc_uint8_t, FreeText>;

}  // namespace

Result<std::string> fold_text(std::string_view text) {
  constexpr auto kOptions = static_cast<utf8proc_option_t>(
      UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
  std::string folded(text);
  for (int round = 0; round < 2; ++round) {
    utf8proc_uint8_t* raw = nullptr;
    const auto length = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(folded.data()),
                                     static_cast<utf8proc_ssize_t>(folded.size()), &raw, kOptions);
    const UniqueText mapped(raw);
    if (length < 0) return fail(ErrorKind::invalid, "not valid UTF-8");
    folded.assign(reinterpret_cast<const char*>(raw), static_cast<size_t>(length));
  }
  return folded;
}

std::u32string code_points_of(std::string_view text) {
  std::u32string points;
  while (!text.empty()) {
    utf8proc_int32_t point = -1;
    const auto bytes = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                        static_cast<utf8proc_ssize_t>(text.size()), &point);
    if (bytes <= 0) break;
    points += static_cast<char32_t>(point);
    text.remove_prefix(static_cast<size_t>(bytes));
  }
  return points;
}

std::string utf8_of(std::u32string_view points) {
  std::string text;
  for (const char32_t point : points) {
    utf8proc_uint8_t bytes[4];
    const auto count = utf8proc_encode_char(static_cast<utf8proc_int32_t>(point), bytes);
    text.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(count));
  }
  return text;
}

bool is_word_point(char32_t point) {
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(point))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return true;
    default:
      return false;
  }
}

}  // namespace mj::index
