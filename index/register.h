#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "index/model.h"

namespace mj::index {

class Index;

/// One line of the register: who did what, when.
struct RegisterEntry {
  int64_t number = 0;  ///< of its line in register.log, from 1
  WallTime at;
  std::string login, name;  ///< as they were then
  std::string action;       ///< one of kRegisterActions
  StreamKey stream;         ///< empty: of no one stream
  std::optional<WallTime> from, to;
  std::string about;   ///< case number, query, number of a hold or alert; may be empty
  std::string reason;  ///< may be empty
};
inline constexpr std::array<std::string_view, 7> kRegisterActions{"view", "search", "register", "decide",
                                                                  "hold", "lift",   "alert"};

/// The register (调用登记): who looked at what, when. It only grows. Owner: whoever asks; the Index must
/// outlive it. Threads: any; every call may block on disk, and many that note at once share one sync. Does
/// not: decide who may look. Failure: what note() returned success for is in register.log and in the index,
/// in this order.
class Register {
 public:
  explicit Register(Index& index) : index_(index) {}

  struct Cursor {
    WallTime at;
    int64_t number = 0;
  };
  struct Filter {
    std::optional<WallTime> from, to;   ///< when it was done, [from, to)
    std::string login, action, stream;  ///< empty: all
    std::optional<Cursor> after;        ///< the last entry of the page before
    int limit = 100;                    ///< at most kMost
  };
  static constexpr int kMost = 1'000;
  struct Page {
    std::vector<RegisterEntry> entries;  ///< newest first
    std::optional<Cursor> next;          ///< none: that was all
  };

  /// `number` and `at` are given to it here. Errors: no_space, unavailable; then it may be in the register
  /// all the same, but nobody may go on as if it were.
  [[nodiscard]] Result<void> note(RegisterEntry entry);
  [[nodiscard]] Result<Page> list(const Filter& filter) const;

  /// Beside the mingjingd that runs. Errors: also not_found (no index yet), unavailable (another version).
  [[nodiscard]] static Result<Page> list(const std::filesystem::path& directory, const Filter& filter);
  /// A sentence for each line whose chain does not hold, or that the index tells otherwise, and for lines
  /// that were lost and written anew. Reads all.
  [[nodiscard]] static Result<std::vector<std::string>> troubles(const std::filesystem::path& directory);

 private:
  Index& index_;
};

}  // namespace mj::index
