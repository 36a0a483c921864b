#pragma once

#include <string_view>
#include <vector>

#include "index/index.h"
#include "server/strict_json.h"

namespace mj::server {

/// The body of POST /api/v1/events (openapi.yaml says its form), checked whole: the first thing wrong refuses
/// all of it. `now` bounds the times: an event from more than a day ahead is a wrong clock and would stay
/// "newest" for ever. `clock_offset`: the feed's clock − ours; times become ours.
[[nodiscard]] Checked<std::vector<index::Event>> parse_events(std::string_view body, WallTime now,
                                                              Duration clock_offset);

/// One event on a line of its own.
[[nodiscard]] Checked<index::Event> parse_line(std::string_view line, WallTime now, Duration clock_offset);

struct RefusedLine {
  int line = 0;         ///< 1-based
  std::string message;  ///< "at: must be RFC 3339 …"
};
/// Events one a line. Lines stand alone: what is wrong with one keeps no other away. Errors: too many lines.
struct ParsedLines {
  std::vector<index::Event> events;
  std::vector<int> line_of_event;
  std::vector<RefusedLine> refused;
};
[[nodiscard]] Checked<ParsedLines> parse_lines(std::string_view body, WallTime now, Duration clock_offset);

/// A refusal as one sentence: "at: must be RFC 3339 …".
[[nodiscard]] std::string sentence_of(const Refusal& refusal);

/// The index names a wrong event as "events[3].window: no such window"; the API's path for it is
/// "$.events[3].window".
[[nodiscard]] Refusal refusal_of_index(const Error& error);

}  // namespace mj::server
