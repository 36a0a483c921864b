#pragma once

#include <filesystem>

#include "tests/bench/index/big_hall.h"

namespace mj::bench {

/// Makes the index of the hall in `directory`, which must not exist: cases through Index::ingest, footage by
/// the functions that write its rows, in the order in which a hall's rows come (all streams side by side),
/// many to a transaction and unsynced.
[[nodiscard]] Result<void> fill(const std::filesystem::path& directory, const Scale& scale);

/// What a clerk's foreground window may be called; `number` of a case is in some.
[[nodiscard]] std::string title_of(Random& random, int screen);

}  // namespace mj::bench
