#pragma once

#include "config/config.h"

namespace mj::storage {

/// SHA-256 of bytes at hand. Public beside storage.h: the chained logs of index/ name their lines by it.
[[nodiscard]] Digest sha256(BytesView bytes);

}  // namespace mj::storage
