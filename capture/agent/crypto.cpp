#include "capture/agent/crypto.h"

#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

#include <memory>

#include "capture/agent/little_endian.h"

namespace mj::agent {

namespace {

template <auto Free>
struct OpensslFree {
  template <class T>
  void operator()(T* handle) const {
    Free(handle);
  }
};
using UniqueKey = std::unique_ptr<EVP_PKEY, OpensslFree<EVP_PKEY_free>>;
using UniqueKeyContext = std::unique_ptr<EVP_PKEY_CTX, OpensslFree<EVP_PKEY_CTX_free>>;
using UniqueDigest = std::unique_ptr<EVP_MD_CTX, OpensslFree<EVP_MD_CTX_free>>;
using UniqueCipher = std::unique_ptr<EVP_CIPHER_CTX, OpensslFree<EVP_CIPHER_CTX_free>>;

int length_of(BytesView bytes) {
  return static_cast<int>(bytes.size());
}

std::array<uint8_t, 12> nonce_of(uint64_t number) {
  Bytes nonce(4);
  append_u64(nonce, number);
  std::array<uint8_t, 12> out{};
  std::ranges::copy(nonce, out.begin());
  return out;
}

}  // namespace

Digest sha256(BytesView bytes) {
  Digest digest{};
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  return digest;
}

std::string to_base64(BytesView bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(), length_of(bytes));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

Result<void> fill_random(std::span<uint8_t> bytes) {
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
    return fail(ErrorKind::internal, "the system gives no random numbers");
  return {};
}

Result<SigningKey> SigningKey::generate() {
  Seed seed{};
  MJ_CHECK(fill_random(seed));
  return from_seed(seed);
}

Result<SigningKey> SigningKey::from_seed(BytesView seed) {
  SigningKey key;
  if (seed.size() != key.seed_.size()) return fail(ErrorKind::invalid, "an agent's key has 32 bytes");
  std::ranges::copy(seed, key.seed_.begin());
  const UniqueKey handle(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
  std::size_t size = key.public_.size();
  if (!handle || EVP_PKEY_get_raw_public_key(handle.get(), key.public_.data(), &size) != 1)
    return fail(ErrorKind::internal, "OpenSSL makes no Ed25519 key");
  return key;
}

Result<Bytes> SigningKey::sign(std::string_view message) const {
  const UniqueKey key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed_.data(), seed_.size()));
  const UniqueDigest context(EVP_MD_CTX_new());
  Bytes signature(64);
  std::size_t size = signature.size();
  const BytesView bytes = as_bytes(message);
  if (!key || !context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &size, bytes.data(), bytes.size()) != 1) {
    return fail(ErrorKind::internal, "OpenSSL does not sign");
  }
  return signature;
}

Result<Seal> Seal::derive(BytesView secret, BytesView salt, std::string_view purpose) {
  Seal seal;
  const UniqueKeyContext context(EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nullptr));
  const BytesView info = as_bytes(purpose);
  std::size_t size = seal.key_.size();
  if (!context || EVP_PKEY_derive_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_hkdf_md(context.get(), EVP_sha256()) != 1 ||
      EVP_PKEY_CTX_set1_hkdf_salt(context.get(), salt.data(), length_of(salt)) != 1 ||
      EVP_PKEY_CTX_set1_hkdf_key(context.get(), secret.data(), length_of(secret)) != 1 ||
      EVP_PKEY_CTX_add1_hkdf_info(context.get(), info.data(), length_of(info)) != 1 ||
      EVP_PKEY_derive(context.get(), seal.key_.data(), &size) != 1) {
    return fail(ErrorKind::internal, "OpenSSL derives no key");
  }
  return seal;
}

Result<Bytes> Seal::close(uint64_t number, BytesView header, BytesView plain) const {
  const auto nonce = nonce_of(number);
  const UniqueCipher context(EVP_CIPHER_CTX_new());
  Bytes out(plain.size() + kTagBytes);
  int done = 0;
  if (!context ||
      EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key_.data(), nonce.data()) != 1 ||
      EVP_EncryptUpdate(context.get(), nullptr, &done, header.data(), length_of(header)) != 1 ||
      EVP_EncryptUpdate(context.get(), out.data(), &done, plain.data(), length_of(plain)) != 1 ||
      EVP_EncryptFinal_ex(context.get(), out.data() + done, &done) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, out.data() + plain.size()) != 1) {
    return fail(ErrorKind::internal, "OpenSSL does not encrypt");
  }
  return out;
}

Result<Bytes> Seal::open(uint64_t number, BytesView header, BytesView sealed) const {
  if (sealed.size() < kTagBytes) return fail(ErrorKind::corrupt, "sealed bytes are cut short");
  const auto nonce = nonce_of(number);
  const BytesView cipher = sealed.first(sealed.size() - kTagBytes);
  Bytes tag(sealed.end() - kTagBytes, sealed.end());
  const UniqueCipher context(EVP_CIPHER_CTX_new());
  Bytes out(cipher.size());
  int done = 0;
  if (!context ||
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key_.data(), nonce.data()) != 1 ||
      EVP_DecryptUpdate(context.get(), nullptr, &done, header.data(), length_of(header)) != 1 ||
      EVP_DecryptUpdate(context.get(), out.data(), &done, cipher.data(), length_of(cipher)) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) != 1 ||
      EVP_DecryptFinal_ex(context.get(), out.data() + done, &done) != 1) {
    return fail(ErrorKind::corrupt, "sealed bytes were changed");
  }
  return out;
}

}  // namespace mj::agent
