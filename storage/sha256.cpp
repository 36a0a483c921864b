#include "storage/sha256.h"

#include <cstdlib>

#include "storage/digest.h"

namespace mj::storage {

namespace {

/// SHA-256 on memory fails only when memory is gone or the library lacks it: nothing true could be written
/// afterwards.
void require(int ok) {
  if (ok != 1) std::abort();
}

UniqueDigestContext new_context() {
  UniqueDigestContext context(EVP_MD_CTX_new());
  require(context ? 1 : 0);
  return context;
}

}  // namespace

Sha256::Sha256() : context_(new_context()) {
  require(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr));
}

Sha256::Sha256(const Sha256& other) : context_(new_context()) {
  require(EVP_MD_CTX_copy_ex(context_.get(), other.context_.get()));
}

Sha256& Sha256::operator=(const Sha256& other) {
  if (this != &other) require(EVP_MD_CTX_copy_ex(context_.get(), other.context_.get()));
  return *this;
}

void Sha256::update(BytesView bytes) {
  require(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
}

Digest Sha256::digest() const {
  const Sha256 copy(*this);
  Digest digest{};
  unsigned size = 0;
  require(EVP_DigestFinal_ex(copy.context_.get(), digest.data(), &size));
  return digest;
}

Digest sha256(BytesView bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.digest();
}

}  // namespace mj::storage
