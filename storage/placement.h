#pragma once

#include <optional>
#include <span>

#include "storage/storage.h"

namespace mj::storage {

/// Where a new stream begins, or one without a working store goes on: of the stores that take footage, the
/// one with the most room in all for each stream it would then have; the first in the settings of equal ones.
/// `streams`: how many each store has. None: no store takes footage.
[[nodiscard]] std::optional<std::size_t> choose_store(std::span<const StoreStatus> stores,
                                                      std::span<const std::size_t> streams);

}  // namespace mj::storage
