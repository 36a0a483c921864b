#pragma once

#include <optional>
#include <string>
#include <vector>

#include "index/case_model.h"

namespace mj::index {

class Index;

/// How a query was read, and everything it may mean, the likeliest first in each list.
struct SearchAnswer {
  /// "visits", "number", "clerk", "words" or "nothing": the first of these that has hits.
  std::string as = "nothing";
  std::vector<Named> read_windows;      ///< that the query names
  std::string read_ticket;              ///< empty: none
  std::optional<WallTime> from, to;     ///< the time it names
  std::vector<std::string> read_words;  ///< the rest
  bool complete = true;                 ///< false: there was no time to look through everything

  std::vector<CaseHit> cases;
  std::vector<VisitLine> visits;
  std::vector<Named> clerks, windows;

  struct TitleHit {
    StreamKey stream;
    WallTime at;  ///< when it came onto the screen
    std::string title, program;
  };
  std::vector<TitleHit> titles;  ///< newest first
  struct ItemHit {
    Named item;
    std::vector<std::string> cases;  ///< the newest
  };
  std::vector<ItemHit> items;
  /// What people wrote: reasons of decisions, words of ratings and complaints.
  struct Note {
    std::optional<int64_t> visit;
    std::optional<std::string> case_number;
    WallTime at;
    std::string by, text;
  };
  std::vector<Note> notes;  ///< newest first
};

/// The one search box of a hall.
/// Owner: whoever asks, for as long as it takes; the Index must outlive it. Threads: any; find() may block on
/// disk. Does not: find footage; decide who may ask. Failure: what is no text is invalid; whatever else is
/// typed is at worst found nowhere. A query costs a bounded time, whatever it is: see SearchAnswer::complete.
class Search {
 public:
  explicit Search(const Index& index) : index_(index) {}

  /// `timezone`: the hall's (IANA). `limit`: of each list. Errors: invalid (not UTF-8, too long).
  [[nodiscard]] Result<SearchAnswer> find(const std::string& query, const std::string& timezone,
                                          int limit) const;

 private:
  const Index& index_;
};

}  // namespace mj::index
