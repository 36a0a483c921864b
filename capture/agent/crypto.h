#pragma once

#include <array>
#include <string>

#include "config/config.h"

/// The few operations of OpenSSL that the agent needs, without its handles. Thread-safe.
namespace mj::agent {

[[nodiscard]] Digest sha256(BytesView bytes);

/// Padded, one line (RFC 4648 §4).
[[nodiscard]] std::string to_base64(BytesView bytes);

/// Unpredictable bytes. Errors: internal (no randomness to be had).
[[nodiscard]] Result<void> fill_random(std::span<uint8_t> bytes);

/// The key of an enrolment: Ed25519 (RFC 8032). A value; its 32-byte seed is all there is to it.
class SigningKey {
 public:
  using Seed = std::array<uint8_t, 32>;

  [[nodiscard]] static Result<SigningKey> generate();
  /// Errors: invalid (not 32 bytes).
  [[nodiscard]] static Result<SigningKey> from_seed(BytesView seed);

  [[nodiscard]] const Seed& seed() const { return seed_; }
  [[nodiscard]] const std::array<uint8_t, 32>& public_key() const { return public_; }
  /// 64 bytes.
  [[nodiscard]] Result<Bytes> sign(std::string_view message) const;

 private:
  SigningKey() = default;
  Seed seed_{};
  std::array<uint8_t, 32> public_{};
};

/// Keeps bytes secret and unchanged under numbers of one's own: AES-256-GCM (NIST SP 800-38D) with the number
/// as nonce. A value.
class Seal {
 public:
  static constexpr std::size_t kTagBytes = 16;

  /// The key is HKDF-SHA-256 (RFC 5869) of `secret` with `salt`. Errors: internal.
  [[nodiscard]] static Result<Seal> derive(BytesView secret, BytesView salt, std::string_view purpose);

  /// What comes back is kTagBytes longer than `plain`. A number must never be used twice. `header` is
  /// authenticated, not hidden.
  [[nodiscard]] Result<Bytes> close(uint64_t number, BytesView header, BytesView plain) const;
  /// Errors: corrupt (changed, another number, header or key).
  [[nodiscard]] Result<Bytes> open(uint64_t number, BytesView header, BytesView sealed) const;

 private:
  Seal() = default;
  std::array<uint8_t, 32> key_{};
};

}  // namespace mj::agent
