#pragma once

#include <string>

namespace mj::test {

struct CertificatePair {
  std::string certificate_pem;
  std::string private_key_pem;
};

/// A fresh self-signed certificate. `alternative_names` in OpenSSL's notation: "DNS:localhost,IP:127.0.0.1".
[[nodiscard]] CertificatePair make_certificate(const std::string& alternative_names);

}  // namespace mj::test
