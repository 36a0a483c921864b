#pragma once

#include <boost/asio/ssl/context.hpp>

#include "server/certificate.h"

namespace mj::server {

/// A server's TLS: 1.2 or newer, forward secrecy only, no compression, no renegotiation, http/1.1 by ALPN.
/// Errors: invalid (files that cannot be read or do not belong together).
[[nodiscard]] Result<boost::asio::ssl::context> make_tls(const CertificateFiles& files);

}  // namespace mj::server
