#pragma once

#include "index/sqlite.h"
#include "tests/bench/index/words.h"

namespace mj::bench {

/// Who sat at each window (from 0) and what about, by time: what the screens of the days with footage show.
using Sittings = std::vector<std::vector<Sitting>>;

/// Days of a hall at work, told by a queue and an approval system: half as many cases as visits; three in ten
/// visits have none.
[[nodiscard]] Result<Sittings> fill_cases(index::Database& database, const Scale& scale);

/// Another day, of a hall of its own: 46 visits at each window.
[[nodiscard]] std::vector<index::Event> live_day(WallTime midnight);

}  // namespace mj::bench
