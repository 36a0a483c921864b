#pragma once

#include <vector>

#include "index/index.h"

namespace mj::server {

/// The binary answer of GET /api/v1/streams/{stream}/index (openapi.yaml says its form): 16 + 32 per segment
/// + 14 per fragment bytes. A segment without fragments is left out; one whose fragments leave a hole in the
/// file ends before the hole, since the form has no way to say "skip". Errors: internal (a length that the
/// form cannot hold).
[[nodiscard]] Result<std::string> encode_fragment_index(const std::vector<index::IndexedSegment>& segments);

}  // namespace mj::server
