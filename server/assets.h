#pragma once

#include <span>
#include <string_view>

#include "server/message.h"

namespace mj::server {

/// One file of the viewer, inside the program. Static storage.
struct Asset {
  std::string_view path;  ///< "index.html", "assets/index-3fa9.js"
  std::string_view gzip;  ///< RFC 1952, made by `gzip -n`
  std::string_view etag;  ///< quoted, of the content
  uint32_t bytes = 0;     ///< unpacked
};

/// Sorted by path. Generated at build time by embed_assets.cmake from the viewer's dist folder.
[[nodiscard]] std::span<const Asset> embedded_assets();

/// The viewer's file for this GET or HEAD. Addresses without a dot are the viewer's own routes and get
/// index.html. A client that does not take gzip gets the bytes unpacked.
[[nodiscard]] Response asset_answer(const Request& request);

/// Whether an Accept-Encoding header allows gzip (RFC 9110 §12.5.3).
[[nodiscard]] bool accepts_gzip(std::string_view accept_encoding);

}  // namespace mj::server
