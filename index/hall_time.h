#pragma once

#include <memory>
#include <string>

#include "config/config.h"

namespace mj::index {

/// Days and times of day by a hall's own clocks.
/// Owner: whoever reads what people wrote, for as long as that takes. Thread: one. Does not: know which hall.
/// Failure: of() refuses a zone that ICU does not know.
class HallTime {
 public:
  struct Day {
    int year = 1970, month = 1, day = 1;
    friend auto operator<=>(const Day&, const Day&) = default;
  };

  /// A time zone by its IANA name. Errors: invalid.
  [[nodiscard]] static Result<HallTime> of(const std::string& timezone);
  ~HallTime();
  HallTime(HallTime&&) noexcept;
  HallTime& operator=(HallTime&&) = delete;

  [[nodiscard]] Day day_of(WallTime time) const;
  /// `seconds` after midnight as the clock on the wall shows them; a day has 24 hours there even when it
  /// has 23.
  [[nodiscard]] WallTime at(const Day& day, int seconds) const;

  [[nodiscard]] static bool exists(const Day& day);
  [[nodiscard]] static Day plus(const Day& day, int days);
  /// 0: Monday … 6: Sunday.
  [[nodiscard]] static int weekday_of(const Day& day);

 private:
  struct Impl;
  explicit HallTime(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mj::index
