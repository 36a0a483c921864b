#pragma once

#include <openssl/evp.h>

#include <memory>

#include "config/config.h"

namespace mj::storage {

struct FreeDigestContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using UniqueDigestContext = std::unique_ptr<EVP_MD_CTX, FreeDigestContext>;

/// SHA-256 of bytes as they come. A value: copies go on independently, so a state can be kept and returned
/// to. Thread: one at a time. Failure: out of memory ends the process, as everywhere else.
class Sha256 {
 public:
  Sha256();
  Sha256(const Sha256& other);
  Sha256& operator=(const Sha256& other);
  Sha256(Sha256&&) noexcept = default;
  Sha256& operator=(Sha256&&) noexcept = default;
  ~Sha256() = default;

  void update(BytesView bytes);
  /// Of everything so far; more may follow.
  [[nodiscard]] Digest digest() const;

 private:
  UniqueDigestContext context_;
};

}  // namespace mj::storage
