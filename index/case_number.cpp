#include "index/case_number.h"

#include <utf8proc.h>

#include <cstdlib>
#include <memory>

#include "index/index.h"

namespace mj::index {

namespace {

constexpr size_t kMaxCodePoints = 64;
constexpr size_t kMaxInputBytes = 1024;  // compatibility forms and spaces fold away; nothing honest is longer

struct FreeText {
  void operator()(utf8proc_uint8_t* text) const {
    std::free(text);
  }  // NOLINT: utf8proc allocates with malloc
};
using UniqueText = std::unique_ptr<utf8proc_uint8_t, FreeText>;

/// NFKC, default-ignorable characters dropped and case folded: Unicode's NFKC_Casefold, twice, because
/// folding may compose.
Result<std::string> compatibility_fold(std::string text) {
  constexpr auto kOptions = static_cast<utf8proc_option_t>(
      UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
  for (int round = 0; round < 2; ++round) {
    utf8proc_uint8_t* raw = nullptr;
    const auto length = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                     static_cast<utf8proc_ssize_t>(text.size()), &raw, kOptions);
    const UniqueText folded(raw);
    if (length < 0) return fail(ErrorKind::invalid, "not valid UTF-8");
    text.assign(reinterpret_cast<const char*>(raw), static_cast<size_t>(length));
  }
  return text;
}

/// People and systems write the same number with this dash, that dash or none.
bool is_dash_or_space(utf8proc_int32_t code_point) {
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
  switch (utf8proc_category(code_point)) {
    case UTF8PROC_CATEGORY_PD:
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return true;
    default:
      return false;
  }
}

/// Calls `each(code_point, its bytes)`. `text` is valid UTF-8 or the result is false.
template <class Each>
bool for_each_code_point(std::string_view text, Each&& each) {
  while (!text.empty()) {
    utf8proc_int32_t code_point = -1;
    const auto bytes = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                        static_cast<utf8proc_ssize_t>(text.size()), &code_point);
    if (bytes <= 0) return false;
    each(code_point, text.substr(0, static_cast<size_t>(bytes)));
    text.remove_prefix(static_cast<size_t>(bytes));
  }
  return true;
}

}  // namespace

Result<std::string> fold_case_number(std::string_view text) {
  if (text.size() > kMaxInputBytes)
    return fail(ErrorKind::invalid, "a case number has at most 64 characters");
  bool control = false;
  const bool valid = for_each_code_point(text, [&](utf8proc_int32_t code_point, std::string_view) {
    control = control || utf8proc_category(code_point) == UTF8PROC_CATEGORY_CC;
  });
  if (!valid) return fail(ErrorKind::invalid, "a case number must be valid UTF-8");
  if (control) return fail(ErrorKind::invalid, "a case number has no control characters");
  MJ_TRY(const auto mapped, compatibility_fold(std::string(text)));
  std::string kept;
  static_cast<void>(for_each_code_point(mapped, [&](utf8proc_int32_t code_point, std::string_view bytes) {
    if (!is_dash_or_space(code_point)) kept += bytes;
  }));
  MJ_TRY(auto folded, compatibility_fold(std::move(kept)));  // what a dash kept apart may compose now
  size_t count = 0;
  static_cast<void>(for_each_code_point(folded, [&](utf8proc_int32_t, std::string_view) { ++count; }));
  if (count == 0) return fail(ErrorKind::invalid, "a case number is not empty");
  if (count > kMaxCodePoints) return fail(ErrorKind::invalid, "a case number has at most 64 characters");
  return folded;
}

std::string reversed_code_points(std::string_view folded) {
  std::string reversed;
  reversed.reserve(folded.size());
  static_cast<void>(for_each_code_point(
      folded, [&](utf8proc_int32_t, std::string_view bytes) { reversed.insert(0, bytes); }));
  return reversed;
}

std::string prefix_end(std::string_view prefix) {
  std::string end(prefix);
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);  // UTF-8 has no byte 0xFF
  return end;
}

}  // namespace mj::index
