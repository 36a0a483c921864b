#include "index/case_number.h"

#include <utf8proc.h>

#include <algorithm>

#include "index/case_model.h"
#include "index/unicode.h"

namespace mj::index {

namespace {

constexpr size_t kMaxCodePoints = 64;
constexpr size_t kMaxInputBytes = 1024;  // compatibility forms and spaces fold away; nothing honest is longer

/// People and systems write the same number with this dash, that dash or none.
bool is_dash_or_space(char32_t code_point) {
  switch (code_point) {
    case 0x02D7:  // modifier letter minus
    case 0x2043:  // hyphen bullet
    case 0x2212:  // minus sign
    case 0x23AF:  // horizontal line extension
    case 0x2500:  // box drawing, what some input methods give for a dash
    case 0x2501:
    case 0x30FC:  // prolonged sound mark, the same
      return true;
    default:
      break;
  }
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(code_point))) {
    case UTF8PROC_CATEGORY_PD:
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return true;
    default:
      return false;
  }
}

}  // namespace

Result<std::string> fold_case_number(std::string_view text) {
  if (text.size() > kMaxInputBytes)
    return fail(ErrorKind::invalid, "a case number has at most 64 characters");
  const auto is_control = [](char32_t point) {
    return utf8proc_category(static_cast<utf8proc_int32_t>(point)) == UTF8PROC_CATEGORY_CC;
  };
  auto mapped = fold_text(text);
  if (!mapped) return fail(ErrorKind::invalid, "a case number must be valid UTF-8");
  if (std::ranges::any_of(code_points_of(text), is_control))
    return fail(ErrorKind::invalid, "a case number has no control characters");
  std::u32string kept = code_points_of(*mapped);
  std::erase_if(kept, is_dash_or_space);
  MJ_TRY(auto folded, fold_text(utf8_of(kept)));  // what a dash kept apart may compose now
  const auto count = code_points_of(folded).size();
  if (count == 0) return fail(ErrorKind::invalid, "a case number is not empty");
  if (count > kMaxCodePoints) return fail(ErrorKind::invalid, "a case number has at most 64 characters");
  return folded;
}

std::string reversed_code_points(std::string_view folded) {
  auto points = code_points_of(folded);
  std::ranges::reverse(points);
  return utf8_of(points);
}

std::string prefix_end(std::string_view prefix) {
  std::string end(prefix);
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);  // UTF-8 has no byte 0xFF
  return end;
}

}  // namespace mj::index
