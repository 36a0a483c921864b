#include "storage/placement.h"

#include <algorithm>

namespace mj::storage {

std::optional<std::size_t> choose_store(std::span<const StoreStatus> stores) {
  const auto found =
      std::find_if(stores.begin(), stores.end(), [](const StoreStatus& s) { return s.writable; });
  if (found == stores.end()) return std::nullopt;
  return static_cast<std::size_t>(found - stores.begin());
}

}  // namespace mj::storage
