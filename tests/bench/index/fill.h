#pragma once

#include <filesystem>

#include "tests/bench/index/big_hall.h"

namespace mj::bench {

/// Makes the index of the hall in `directory`, which must not exist, by the functions that write its rows, in
/// the order in which a hall's rows come (all streams side by side), many to a transaction and unsynced. A
/// shot whose title is that of the shot before is a plain row.
[[nodiscard]] Result<void> fill(const std::filesystem::path& directory, const Scale& scale);

}  // namespace mj::bench
