#pragma once

#include <optional>
#include <string>
#include <vector>

#include "index/case_model.h"
#include "index/hall_time.h"

namespace mj::index {

/// What a person may mean by what was typed into the search box.
struct ReadQuery {
  std::vector<Named> windows;        ///< more than one when several have the number that was said
  std::string ticket;                ///< folded, without leading zeros: "a12"; empty: none
  std::optional<WallTime> from, to;  ///< the time that was meant, both or none
  std::optional<WallTime> moment;    ///< within it, when a time of day was said
  std::vector<std::string> words;    ///< the rest, folded

  [[nodiscard]] bool means_visits() const { return !windows.empty() || !ticket.empty() || from; }
};

/// Takes from a query what is a day ("昨天", "周三", "3月5日", "2026-03-05"), a time of day ("9:45",
/// "下午3点半"), a window ("3号窗口", "w3") or a ticket ("A12"), and leaves the words. A time of day without
/// a day is the newest such time; an hour below seven is in the afternoon, because a hall is open by day, but
/// not with 上午 or as a clock of 24 hours shows it ("03:20"). Pure. Errors: invalid (not UTF-8).
[[nodiscard]] Result<ReadQuery> read_query(std::string_view query, const std::vector<Named>& windows,
                                           const HallTime& hall_time, WallTime now);

/// A ticket as it is compared: folded, without dashes and leading zeros of its number. Empty when it has no
/// digit.
[[nodiscard]] std::string plain_ticket(std::string_view ticket);

}  // namespace mj::index
