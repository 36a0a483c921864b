#pragma once

#include <optional>
#include <string>
#include <vector>

#include "index/case_model.h"

namespace mj::index {

class Index;

/// What a reviewer asks of visits and says about them.
/// Owner: whoever asks, for as long as it takes; the Index must outlive it. Threads: any; calls may block on
/// disk. Does not: infer (links.cpp), or decide who may ask. Failure: a decision that returned success is
/// durable, and is never changed or removed.
class Desk {
 public:
  explicit Desk(Index& index) : index_(index) {}

  /// A place in the list; what the previous page's last line was.
  struct Cursor {
    WallTime called;
    int64_t id = 0;
  };
  struct Filter {
    std::optional<bool> without_case;  ///< true: only visits that no link connects with a case
    std::optional<WallTime> from, to;  ///< called in [from, to)
    std::string window, clerk;         ///< ids; empty: any
    std::optional<Cursor> after;
    int limit = 100;
  };
  struct Page {
    std::vector<VisitLine> visits;  ///< newest first
    std::optional<Cursor> next;     ///< none: that was all
  };
  [[nodiscard]] Result<Page> visits(const Filter& filter) const;

  /// With all its links, rejected ones too, and its streams. Errors: not_found.
  [[nodiscard]] Result<Visit> visit(int64_t id) const;

  /// A person's word. Confirming and rejecting need a link, adding needs a known case. Errors: not_found
  /// (visit, case), invalid (no such link, no reason).
  [[nodiscard]] Result<void> decide(const Decision& decision);

 private:
  Index& index_;
};

}  // namespace mj::index
