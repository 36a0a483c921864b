#pragma once

#include <memory>
#include <string>
#include <vector>

#include "index/sqlite.h"
#include "index/visits.h"

namespace re2 {
class RE2;
}

/// Window titles over time, and the case numbers in them. The rules by which they make links are in
/// links.cpp.
namespace mj::index {

/// How many earlier titles may be looked through while a new one is written: a found number may cost a
/// derivation.
inline constexpr int kTitlesAtOnce = 20;
/// A screen that nobody photographed for so long no longer counts as showing what it did.
inline constexpr Duration kScreenSilence = std::chrono::minutes(10);

/// [cases] title_patterns, compiled. Value.
using TitlePatterns = std::vector<std::shared_ptr<const re2::RE2>>;
/// What RE2 does not take is left out; the settings were checked.
[[nodiscard]] TitlePatterns compile_title_patterns(const std::vector<std::string>& patterns);

/// What in a title may be a case number: what a pattern finds, in the title as it is and folded; and each
/// word of ASCII letters, digits and dashes with at least six characters, four of them digits. Folded as case
/// numbers are, at most eight. Whether it is one is for the cases to say: only a number that a feed told,
/// whole, makes a link.
[[nodiscard]] std::vector<std::string> numbers_in(std::string_view title, const TitlePatterns& patterns);

/// Looks for the numbers of titles and keeps them; `visits` is told what has to be derived again. Thread and
/// owner: one command of the writer.
class TitleNumbers {
 public:
  TitleNumbers(Database& database, VisitUpdate& visits) : database_(database), visits_(visits) {}

  [[nodiscard]] Result<void> put(int64_t title, std::string_view text);
  /// At most `most` titles that were there before look_again(), newest first.
  [[nodiscard]] Result<void> catch_up(int most);

 private:
  [[nodiscard]] Result<void> load();

  Database& database_;
  VisitUpdate& visits_;
  bool loaded_ = false;
  TitlePatterns patterns_;
};

/// All titles are to be looked through for numbers once more.
[[nodiscard]] Result<void> look_for_numbers_again(Database& database);

/// Makes the patterns so. When they are others than before, all titles are looked through again, little by
/// little; what earlier patterns found stays found.
[[nodiscard]] Result<void> follow_title_patterns(Database& database,
                                                 const std::vector<std::string>& patterns);

/// A shot showed `title` (titles.id); its row is stored. Keeps since when and until when each title was
/// shown; when a title with a number came or went, `visits` is told which have to be derived again.
[[nodiscard]] Result<void> note_title(Database& database, int64_t stream, WallTime at, int64_t title,
                                      VisitUpdate& visits);

}  // namespace mj::index
