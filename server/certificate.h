#pragma once

#include <filesystem>

#include "config/config.h"

namespace mj::server {

struct CertificateFiles {
  std::filesystem::path certificate;  ///< PEM
  std::filesystem::path private_key;  ///< PEM
};

/// The pair to serve with: the settings' own, or <data_directory>/server.crt and server.key, made
/// now if they are missing, do not belong together or have expired. Self-signed: P-256, ten years, for
/// localhost, this host's name, 127.0.0.1 and the addresses that are listened on; agents pin the certificate
/// with --ca-file. Both files appear whole or not at all; only the owner may read the key. Errors: invalid (a
/// configured file cannot be read), denied, no_space, internal.
[[nodiscard]] Result<CertificateFiles> certificate_files(const config::Server& settings,
                                                         const std::filesystem::path& data_directory,
                                                         WallTime now);

}  // namespace mj::server
