#pragma once

#include <string>
#include <vector>

#include "index/model.h"

/// The rules by which visits and their links to cases are inferred from what feeds said. Pure: the same
/// events give the same visits, in whatever order they arrived. All rules are in links.cpp; nothing else in
/// the index infers anything.
namespace mj::index {

/// No visit is longer. So an event bears on visits called up to this long before or after it.
inline constexpr Duration kLongestVisit = std::chrono::hours(4);
/// Where a ticket is known this near there is a queue system, which tells of every visit: none is inferred.
inline constexpr Duration kQueueAround = std::chrono::hours(6);
/// What is said bears on visits called up to this long before or after it: a ticket takes away what was
/// inferred within kQueueAround, and those visits last a little themselves.
inline constexpr Duration kReach = std::chrono::hours(7);

/// A stored event as the rules see it.
struct Fact {
  int64_t id = 0;  ///< events.id
  Event::Type type = Event::Type::ticket_called;
  WallTime at;
  std::string window, ticket, clerk;  ///< empty: not said
  std::optional<int64_t> case_id;
  std::string said = {};  ///< feed and its id of the event: orders what was said for the same instant
  std::optional<int64_t> score = {};  ///< of a rating
  std::string word = {};              ///< of a step
};

/// Where a clerk was on duty: [from, to).
struct Duty {
  std::string clerk, window;
  WallTime from, to;
  bool signed_in = false;  ///< told by a sign-in, not by a roster
};

/// That a case's number stood on the window's screen.
struct Sighting {
  int64_t case_id = 0;
  WallTime from, to;
};

/// All that is known about a window in some hours; each in any order.
struct WindowFacts {
  std::string window;
  std::vector<Fact> tickets;  ///< its ticket events
  std::vector<Fact> steps;  ///< at it; and of those without a window, by its clerks or of cases on its screen
  std::vector<Fact> ratings;
  std::vector<Duty> duties;  ///< of the clerks who were on duty here at some time, wherever they were
  std::vector<Sighting> sightings;
};

struct DerivedLink {
  int64_t case_id = 0;
  std::string source, rule;
  double confidence = 0;
  WallTime from;  ///< the part of the visit that was about the case
  std::optional<WallTime> to;
  friend bool operator==(const DerivedLink&, const DerivedLink&) = default;
};

struct DerivedVisit {
  std::optional<int64_t> called_event;  ///< none: inferred
  std::string ticket, clerk;
  WallTime called;
  std::optional<WallTime> finished;
  bool finished_inferred = false;
  std::optional<int64_t> finished_event;
  std::optional<int64_t> rating;   ///< 5 very satisfied … 1 very dissatisfied
  std::vector<DerivedLink> links;  ///< at most one per case: the strongest
  [[nodiscard]] bool inferred() const { return !called_event; }
};

/// The visits at one window, by time. Where no queue system tells of any within kLongestVisit, those that
/// steps and screens show: they are inferred.
[[nodiscard]] std::vector<DerivedVisit> derive_visits(WindowFacts facts);

}  // namespace mj::index
