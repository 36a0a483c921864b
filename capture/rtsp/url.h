#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "config/config.h"

namespace mj::capture::rtsp {

/// Where a camera listens. `path` is sent as it was configured: cameras compare it byte by byte.
struct Url {
  bool tls = false;  ///< rtsps
  std::string host;  ///< name or address, IPv6 without brackets
  uint16_t port = 554;
  std::string path;  ///< "" or "/..." with query

  /// Never with user info. The port is left out when it is the default.
  [[nodiscard]] std::string to_string() const;
};

/// Errors: invalid (no rtsp:// or rtsps://, no host, bad port). User info is skipped, not kept.
[[nodiscard]] Result<Url> parse_url(std::string_view text);

/// The address media is described under (RFC 2326 §C.1.1): Content-Base, else the request's own. The host is
/// always the one configured: behind a port forward a camera names its inner address, and nobody else may be
/// meant. A base without scheme is taken for host and path, or for a path.
[[nodiscard]] Url base_url(const Url& requested, std::string_view content_base);

/// The address of a track: `control` from the SDP, absolute, "*" or relative. Relative ones are appended with
/// one
/// '/' between (as live555 and libavformat do, which is what cameras are tested with), query or not.
[[nodiscard]] std::string control_url(const Url& base, std::string_view control);

}  // namespace mj::capture::rtsp
