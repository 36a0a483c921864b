#pragma once

#include <array>
#include <optional>
#include <vector>

#include "index/model.h"

namespace mj::index {

/// What must change in the gap rows of a stream, in this order.
struct GapChange {
  std::optional<WallTime> remove;  ///< the row that begins here goes
  std::optional<Gap> put;          ///< this row comes, or replaces the one with the same begin
  std::optional<Span> carve;       ///< footage was found here after all: no row may overlap it
  std::optional<WallTime> clear_from = std::nullopt;  ///< first of all: no row reaches beyond here
};

/// The bookkeeping of one stream: from footage and outages, in order, to gap rows. Pure: no SQL, no clock, no
/// thread. Owner: Tail. Does not: know segments; keep closed gaps. Cannot fail.
///
/// Rules. A gap opens at an outage's begin, never before the last footage ended. Another cause closes it and
/// opens the next. Footage closes it where the footage starts. A hole nobody announced becomes a gap when it
/// is longer than the stream's usual spacing allows. Footage that ends after an outage began is late, not
/// new: the gap then begins at its end, and gives way before it: an agent that was away brings its spool.
/// What an agent says of a moment counts for more than what others noted about it and later.
class StreamLedger {
 public:
  explicit StreamLedger(StreamKind kind) : kind_(kind) {}

  /// Takes up where the rows left off. `accounted`: the end of the last footage or closed gap, whichever is
  /// later.
  void resume(std::optional<WallTime> footage_end, std::optional<WallTime> accounted,
              std::optional<Gap> open_gap);

  [[nodiscard]] std::vector<GapChange> on_footage(WallTime start, WallTime end);
  [[nodiscard]] std::vector<GapChange> on_outage(WallTime begin, GapCause cause, std::string detail);

  /// The source itself says so. Footage of later moments cannot be here yet.
  [[nodiscard]] std::vector<GapChange> on_attested(WallTime begin, GapCause cause, std::string detail);

  [[nodiscard]] const std::optional<Gap>& open_gap() const { return open_; }
  [[nodiscard]] std::optional<WallTime> footage_end() const { return footage_end_; }
  /// How long nothing may come before that means anything: the ledger reaches to the last footage until then.
  [[nodiscard]] Duration patience() const;

 private:
  [[nodiscard]] Duration usual_spacing() const;
  [[nodiscard]] std::vector<GapChange> late_footage(WallTime start, WallTime end);
  [[nodiscard]] std::vector<GapChange> close_gap(WallTime at);
  [[nodiscard]] bool is_hole(WallTime start) const;
  [[nodiscard]] bool is_far(WallTime start, WallTime end) const;
  void remember(WallTime start, WallTime end);

  StreamKind kind_;
  std::optional<WallTime> footage_end_;
  std::optional<WallTime>
      accounted_;  ///< before this, rows say everything; later than footage_end_ only after resume()
  std::optional<WallTime> last_start_;
  std::optional<Gap> open_;
  bool overtaken_ = false;  ///< open_ begins where late footage ended: nobody said that there is a gap there
  std::optional<Gap> first_;  ///< the first gap row since the last footage, when it is not open_ itself
  std::array<Duration, 8> spacing_{};  ///< of the last fragments, a ring
  size_t next_spacing_ = 0;
};

/// The cause and sentence of a hole that nobody announced.
[[nodiscard]] GapCause unexplained_cause(StreamKind kind);
inline constexpr const char* kUnexplained = "not explained: no footage arrived and nothing reported why";

/// Holes up to this are a matter of rounding and frame spacing, not missing footage.
inline constexpr Duration kCameraTolerance = std::chrono::milliseconds(200);

}  // namespace mj::index
