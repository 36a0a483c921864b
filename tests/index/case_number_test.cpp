#include "index/case_number.h"

#include <gmock/gmock.h>

#include <random>

#include "index/index.h"

namespace mj::index::test {
namespace {

std::string folded(std::string_view text) {
  return fold_case_number(text).value_or("(refused)");
}

TEST(FoldCaseNumber, ComparesFullAndHalfWidthAlike) {
  EXPECT_EQ(folded("ＳＣ２０２６０１０５－１００１３７"), "sc20260105100137");
  EXPECT_EQ(folded("SC20260105-100137"), "sc20260105100137");
}

TEST(FoldCaseNumber, DropsEveryKindOfDashAndSpace) {
  for (const char* dash : {"-", "‐",  "‑", "‒", "–", "—",  "―",      "−",      "－",     "﹣",
                           "─", "ー", "ｰ", "⁃", " ", "　", "\u00a0", "\u200b", "\u00ad", "\u2028"}) {
    EXPECT_EQ(folded("BJ2026" + std::string(dash) + "000123"), "bj2026000123") << dash;
  }
}

TEST(FoldCaseNumber, KeepsWhatIsNoDash) {
  EXPECT_EQ(folded("一二三"), "一二三");  // 一 is a number, not a dash
  EXPECT_EQ(folded("川A_12%/3"), "川a_12%/3");
}

TEST(FoldCaseNumber, FoldsCaseBeyondAscii) {
  EXPECT_EQ(folded("STRASSE"), folded("straße"));
  EXPECT_EQ(folded("é"), folded("e\u0301"));
}

TEST(FoldCaseNumber, RefusesWhatIsNoNumber) {
  for (const std::string& text :
       {std::string(), std::string("---"), std::string(" 　"), std::string("a\tb"), std::string("a\nb"),
        std::string("a\0b", 3), std::string("\xff\xfe"), std::string("\xc0\xaf"), std::string("\xed\xa0\x80"),
        std::string(65, '1'), std::string(100'000, '1'), std::string("a\x7f")}) {
    const auto result = fold_case_number(text);
    ASSERT_FALSE(result) << text.substr(0, 20);
    EXPECT_EQ(result.error().kind, ErrorKind::invalid);
  }
}

TEST(FoldCaseNumber, TakesSixtyFourCodePointsNotBytes) {
  std::string number;
  for (int i = 0; i < 64; ++i) number += "办";
  EXPECT_EQ(folded(number), number);
  EXPECT_FALSE(fold_case_number(number + "办"));
}

TEST(FoldCaseNumber, FoldingTwiceChangesNothing) {
  std::mt19937 random(7);
  const std::u32string alphabet = U"aAＡ1１-－ーé\u0301\u0327ﬁßİıΣς가각ᄀ\u200d\u00ad〜一㍿Ⅷ²\u0345ᾳ";
  for (int round = 0; round < 5'000; ++round) {
    std::string text;
    const auto length = 1 + random() % 12;
    for (size_t i = 0; i < length; ++i) {
      const char32_t c = alphabet[random() % alphabet.size()];
      if (c < 0x80) {
        text += static_cast<char>(c);
      } else if (c < 0x800) {
        text += {static_cast<char>(0xc0 | (c >> 6)), static_cast<char>(0x80 | (c & 0x3f))};
      } else {
        text += {static_cast<char>(0xe0 | (c >> 12)), static_cast<char>(0x80 | ((c >> 6) & 0x3f)),
                 static_cast<char>(0x80 | (c & 0x3f))};
      }
    }
    const auto once = fold_case_number(text);
    if (!once) continue;
    EXPECT_EQ(folded(*once), *once) << text;
  }
}

TEST(CaseNumber, ReversesByCodePoint) {
  EXPECT_EQ(reversed_code_points("川a12"), "21a川");
  EXPECT_EQ(reversed_code_points(""), "");
}

TEST(CaseNumber, PrefixEndIsAboveAllThatBeginsWithIt) {
  for (const std::string& prefix : {"a", "12", "办", "\x7f", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_GT(prefix_end(prefix), prefix + "\xf4\x8f\xbf\xbf\xf4\x8f\xbf\xbf");
    EXPECT_GT(prefix_end(prefix), prefix);
  }
}

}  // namespace
}  // namespace mj::index::test
