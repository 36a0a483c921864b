#pragma once

#include "tests/bench/index/big_hall.h"

namespace mj::bench {

/// The nth case of the hall, in one of the forms that approval systems use.
[[nodiscard]] std::string case_number_of(int64_t nth);

/// Days of a hall at work, told by a queue and an approval system: half as many cases as visits; three in ten
/// visits have none.
[[nodiscard]] Result<void> fill_cases(index::Index& index, const Scale& scale);

}  // namespace mj::bench
