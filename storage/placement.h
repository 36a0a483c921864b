#pragma once

#include <optional>
#include <span>

#include "storage/storage.h"

namespace mj::storage {

/// Where a stream without a working store goes on: the first store that takes footage, in the order of the
/// settings.
[[nodiscard]] std::optional<std::size_t> choose_store(std::span<const StoreStatus> stores);

}  // namespace mj::storage
