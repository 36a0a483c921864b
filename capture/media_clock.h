#pragma once

#include <cstdint>
#include <optional>

#include "config/config.h"

namespace mj::capture {

/// A camera's ticks become an even line: 32-bit wraps, resets, jumps and single outliers are taken out, so
/// that what comes out goes on at the pace of arrival. Times may step back a little (B pictures) but never by
/// more than was sent. Owner: a Timeline. Thread: its owner's. Does not: know wall time, nor smooth anything
/// else. Fails: never; a time that makes no sense is replaced by one that does, and jumped() tells when the
/// line was re-tied.
class MediaClock {
 public:
  explicit MediaClock(uint32_t timescale);

  /// `ticks`: as sent, 32 bits or more; `arrival`: of this sample. The result has no defined origin.
  [[nodiscard]] int64_t next(int64_t ticks, SteadyTime arrival);
  /// The place of `ticks`, near those given last, on the line next() makes; none when they are not on it.
  [[nodiscard]] std::optional<int64_t> locate(int64_t ticks, SteadyTime arrival) const;
  /// Did the sample given last come from a line that was not the one before?
  [[nodiscard]] bool jumped() const { return jumped_; }

 private:
  struct Point {
    int64_t ticks = 0;
    SteadyTime arrival;
  };

  /// How far `ticks` is from `from` if both are on one line, wraps undone; nothing when they cannot be.
  [[nodiscard]] std::optional<int64_t> distance(const Point& from, int64_t ticks, SteadyTime arrival) const;
  [[nodiscard]] int64_t elapsed(SteadyTime from, SteadyTime to) const;

  const uint32_t timescale_;
  std::optional<Point> last_;     // on the line in use, as sent
  std::optional<Point> suspect_;  // the sample before, if it was not on that line
  int64_t even_ = 0;              // what the line makes of last_
  int64_t given_ = 0;             // returned last
  int64_t step_;                  // between two good samples
  bool jumped_ = false;
};

}  // namespace mj::capture
