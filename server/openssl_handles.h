#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>

namespace mj::server {

/// Owners of OpenSSL's objects.
template <class T, void (*Free)(T*)>
struct OpensslFree {
  void operator()(T* object) const { Free(object); }
};
inline void free_bio(BIO* bio) {
  BIO_free(bio);
}
using UniqueX509 = std::unique_ptr<X509, OpensslFree<X509, X509_free>>;
using UniquePkey = std::unique_ptr<EVP_PKEY, OpensslFree<EVP_PKEY, EVP_PKEY_free>>;
using UniqueBio = std::unique_ptr<BIO, OpensslFree<BIO, free_bio>>;
using UniqueDigestContext = std::unique_ptr<EVP_MD_CTX, OpensslFree<EVP_MD_CTX, EVP_MD_CTX_free>>;
using UniqueExtension = std::unique_ptr<X509_EXTENSION, OpensslFree<X509_EXTENSION, X509_EXTENSION_free>>;

}  // namespace mj::server
