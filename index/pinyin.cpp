#include "index/pinyin.h"

#include <unicode/translit.h>
#include <unicode/unistr.h>

#include <algorithm>

#include "index/unicode.h"

namespace mj::index {

namespace {

// CLDR keeps the readings of surnames apart; both end in letters without tones.
constexpr const char* kAsSurname = "Han-Latin/Names; Latin-ASCII; Lower";
constexpr const char* kAsUsual = "Han-Latin; Latin-ASCII; Lower";

using Reader = std::unique_ptr<icu::Transliterator>;

Result<Reader> reader(const char* id) {
  UErrorCode code = U_ZERO_ERROR;
  Reader made(icu::Transliterator::createInstance(icu::UnicodeString::fromUTF8(id), UTRANS_FORWARD, code));
  if (U_SUCCESS(code) && made) return made;
  return fail(ErrorKind::internal, "ICU cannot read Chinese names ({}: {})", id, u_errorName(code));
}

/// Only letters and digits of what ICU makes of it.
std::string read_aloud(const icu::Transliterator& reader, std::u32string_view characters) {
  auto text = icu::UnicodeString::fromUTF8(utf8_of(characters));
  reader.transliterate(text);
  std::string raw, kept;
  text.toUTF8String(raw);
  std::ranges::copy_if(raw, std::back_inserter(kept),
                       [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
  return kept;
}

bool is_han(char32_t point) {
  return (point >= 0x3400 && point <= 0x9FFF) || (point >= 0xF900 && point <= 0xFAFF) ||
         (point >= 0x20000 && point <= 0x323AF);
}

void add_key(std::vector<std::string>& keys, const std::string& key) {
  if (!key.empty() && std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
}

}  // namespace

struct Pinyin::Impl {
  Reader surname, usual;
};

Pinyin::Pinyin(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Pinyin::~Pinyin() = default;

Result<std::unique_ptr<Pinyin>> Pinyin::open() {
  auto impl = std::make_unique<Impl>();
  MJ_TRY(impl->surname, reader(kAsSurname));
  MJ_TRY(impl->usual, reader(kAsUsual));
  return std::unique_ptr<Pinyin>(new Pinyin(std::move(impl)));  // NOLINT: private constructor
}

std::vector<std::string> Pinyin::keys_of(std::string_view name) const {
  const auto points = code_points_of(name);
  std::vector<std::string> keys;
  if (std::ranges::none_of(points, is_han)) return keys;
  // A surname is one character or two (尉迟); every other character is read alone, so that each has its
  // initial.
  for (const size_t surname : {size_t{1}, size_t{2}, size_t{0}}) {
    if (surname > points.size()) continue;
    std::string whole, initials;
    const auto add = [&](const std::string& reading) {
      whole += reading;
      initials += reading.substr(0, 1);
    };
    if (surname == 1) add(read_aloud(*impl_->surname, points.substr(0, 1)));
    if (surname == 2) {
      const auto both = read_aloud(*impl_->surname, points.substr(0, 2));
      whole += both;
      initials += both.substr(0, 1) + read_aloud(*impl_->usual, points.substr(1, 1)).substr(0, 1);
    }
    for (size_t i = surname; i < points.size(); ++i) {
      add(read_aloud(*impl_->usual, std::u32string_view(points).substr(i, 1)));
    }
    add_key(keys, whole);
    add_key(keys, initials);
  }
  return keys;
}

}  // namespace mj::index
