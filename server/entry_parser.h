#pragma once

#include <optional>
#include <vector>

#include "capture/capture.h"
#include "server/strict_json.h"

namespace mj::server {

/// The body of POST /api/v1/screens/{workstation}/entries, as far as it could be read.
struct ParsedEntries {
  std::vector<capture::Entry> entries;  ///< up to the first that is malformed
  std::optional<Refusal> problem;       ///< its path: "entries[3].title"
};

/// Checks lengths and JSON, and hashes every entry; what the bytes of the pictures are is capture's business.
/// Does not: allocate more than the body holds, whatever its lengths say.
[[nodiscard]] ParsedEntries parse_entries(BytesView body);

}  // namespace mj::server
