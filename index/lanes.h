#pragma once

#include <map>
#include <string>
#include <vector>

#include "index/alerts.h"
#include "index/model.h"

/// What a timeline of many streams is drawn from. Part of index/index.h.
namespace mj::index {

class Index;

/// [begin, end) of a lane, all of one state. Where a timeline has no room for single parts, a column is told
/// as the worst that is in it: a gap before purged time before footage, so that no gap is ever hidden.
struct LanePart {
  enum class State { footage, purged, gap, not_configured };
  WallTime begin, end;
  State state = State::footage;
  std::optional<GapCause> cause;  ///< of the gap, of the first of several
};
[[nodiscard]] const char* name(LanePart::State state);

/// [begin, end) in which a workstation's screen showed the same of whoever worked there. Where there is no
/// room for single parts a column is told as input before idle before locked, so that what is drawn as idle
/// or locked was so all the time, and nobody looks away who was not.
struct PresencePart {
  enum class State { input, idle, locked };
  WallTime begin, end;
  State state = State::input;
};
[[nodiscard]] const char* name(PresencePart::State state);

struct Lane {
  StreamKey stream;
  StreamKind kind = StreamKind::main;
  std::vector<LanePart> coverage;  ///< from Lanes::from on, without holes between, at most LaneQuery::columns
  std::vector<uint32_t> shots;     ///< in each column; empty: not a screen, or more than may be counted
  /// Of a screen, with holes, at most LaneQuery::columns; none: not a screen, or more than may be read.
  std::optional<std::vector<PresencePart>> presence;
};

/// Somebody was served from begin to end, or, when that is not over, until now (kLongestVisit at most); or
/// `count` people were, so close together that they are one on this scale.
struct ServedPart {
  WallTime begin, end;
  int count = 1;
};

/// What is proposed to be looked at and what a person confirmed, from begin to end; or `count` of these, so
/// close together that they are one on this scale, told by the gravest.
struct AlertPart {
  WallTime begin, end;
  AlertLevel level = AlertLevel::blue;
  int count = 1;
};

struct LaneQuery {
  std::vector<StreamKey> streams;  ///< empty: all
  WallTime from, to;
  int columns = 1000;
};

struct Lanes {
  WallTime from, to;
  std::vector<Lane> lanes;  ///< in the order asked, or by key
  std::map<std::string, std::vector<ServedPart>>
      visits;  ///< by window, of the windows that those streams showed
  std::map<std::string, std::vector<AlertPart>> alerts;  ///< likewise
};

/// Lanes of any streams at any zoom, in bounded size, without reading a row for each minute. Owner: Index,
/// which must outlive it. Threads: any; may block on disk. Does not: say that nobody was at a window:
/// only what its screen shows. Errors: not_found (stream), invalid (no interval, columns).
class Timeline {
 public:
  explicit Timeline(const Index& index) : index_(index) {}
  [[nodiscard]] Result<Lanes> lanes(LaneQuery query) const;

  static constexpr int kMostColumns = 4'000;

 private:
  const Index& index_;
};

}  // namespace mj::index
