#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"

namespace mj::test {

/// One fact, as POST /api/v1/events takes it.
struct CaseEvent {
  std::string id;
  std::string type;  ///< "ticket_called", "case_step" or "ticket_finished"
  WallTime at;
  std::string window, ticket, case_number, clerk, step;  ///< empty: not said
  std::string item_code, item_name;
};

/// What is going on at one window.
struct AtWindow {
  std::string window, clerk;
  std::string ticket;       ///< empty: nobody is there
  std::string case_number;  ///< empty until the case exists
  std::string item;
  std::string step;  ///< "called", "accepted", "supplement" or "concluded"
};

/// The demo hall's queue and approval systems: tickets are called at each window in turn, cases are accepted,
/// supplemented and concluded. Some tickets name their case (booked before), others get theirs during the
/// visit; some cases must come back with papers and then have two visits. Owner: the feed. Thread: one. Knows
/// no network: it is asked what happened until now.
class CaseScript {
 public:
  /// `visit`: from one ticket's call to the next at the same window. `begin` also makes ids and numbers
  /// unlike those of earlier runs.
  CaseScript(std::vector<std::string> windows, std::vector<std::string> clerks, Duration visit,
             WallTime begin);

  /// Everything that happened up to `now` and was not told before, in order of time.
  [[nodiscard]] std::vector<CaseEvent> until(WallTime now);
  /// When the next thing happens.
  [[nodiscard]] WallTime next() const;
  [[nodiscard]] std::vector<AtWindow> at_windows() const;

 private:
  struct Matter {
    std::string number;
    int item = 0;
  };
  struct Counter {
    AtWindow now;
    char letter = 'A';
    int visits = 0;
    std::size_t moment = 0;  ///< index of the next thing in a visit
    WallTime visit_begin;
    Matter matter;
    bool booked = false;     ///< the ticket names the case
    bool returning = false;  ///< second visit of a case
    bool supplement = false;
    std::deque<Matter> to_come_back;
  };
  enum class Moment { call, accept, supplement, conclude, finish };

  [[nodiscard]] WallTime time_of(const Counter& counter) const;
  [[nodiscard]] std::optional<CaseEvent> advance(Counter& counter);
  void begin_visit(Counter& counter, WallTime at);
  [[nodiscard]] bool enter(Counter& counter, Moment moment, CaseEvent& event);
  [[nodiscard]] std::string new_number(WallTime at);

  const Duration visit_;
  const WallTime begin_;
  std::vector<Counter> counters_;
  int64_t events_ = 0;
  int64_t last_serial_ = 0;
};

/// "2026-11-21T09:45:12.250+08:00".
[[nodiscard]] std::string china_time(WallTime t);

}  // namespace mj::test
