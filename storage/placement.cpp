#include "storage/placement.h"

namespace mj::storage {

std::optional<std::size_t> choose_store(std::span<const StoreStatus> stores,
                                        std::span<const std::size_t> streams) {
  std::optional<std::size_t> best;
  double most = -1;
  for (std::size_t i = 0; i < stores.size(); ++i) {
    if (!stores[i].writable) continue;
    const double room = static_cast<double>(stores[i].total_bytes) / static_cast<double>(streams[i] + 1);
    if (room <= most) continue;
    best = i;
    most = room;
  }
  return best;
}

}  // namespace mj::storage
