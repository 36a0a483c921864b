#pragma once

#include <filesystem>
#include <string>

namespace mj::test {

struct CertificatePair {
  std::string certificate_pem;
  std::string private_key_pem;
};

/// A fresh self-signed certificate. `alternative_names` in OpenSSL's notation: "DNS:localhost,IP:127.0.0.1".
[[nodiscard]] CertificatePair make_certificate(const std::string& alternative_names);

/// A folder of its own under the system's temporary one, removed with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  /// Writes a file and says where it is.
  [[nodiscard]] std::filesystem::path file(const std::string& file_name, const std::string& content) const;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace mj::test
