#pragma once

#include <optional>
#include <vector>

#include "index/ledger.h"
#include "index/model.h"

namespace mj::index {

/// All there is to know about an interval of a stream, from rows and tail together.
struct CoverageFacts {
  WallTime from, to;
  WallTime now;
  StreamKind kind = StreamKind::main;
  WallTime configured;
  std::optional<WallTime> removed;
  std::optional<WallTime> footage_end;  ///< of the stream, not of the interval
  Duration patience{0};
  std::vector<Span> footage;   ///< in any order; all of [from − kCoverageMargin, to + kCoverageMargin)
  std::vector<Gap> gaps;       ///< as footage
  std::vector<Purged> purged;  ///< as footage, sorted; a gap within it is a gap
};

/// How far beyond an interval one must look to know whether a hole at its edge is a gap or only the space
/// between two shots.
inline constexpr Duration kCoverageMargin = std::chrono::seconds(60);

/// The ledger of [from, until): footage, gaps and purged time that touch and do not overlap, so that they sum
/// to 100 %. Footage beats a gap, a later gap beats an earlier one, a gap beats a purge, what no row accounts
/// for becomes a gap that says so. Pure; the same facts give the same answer.
[[nodiscard]] Coverage build_coverage(CoverageFacts facts);

}  // namespace mj::index
