#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"

/// Hashes, randomness and comparison of secrets (OpenSSL).
namespace mj::server {

[[nodiscard]] Digest sha256(std::string_view text);

[[nodiscard]] Digest hmac_sha256(std::string_view key, std::string_view text);

/// Whether `signature` (64 bytes) is that of `message` by `public_key` (32 bytes, RFC 8032). False for
/// whatever is no key or signature.
[[nodiscard]] bool verify_ed25519(BytesView public_key, std::string_view message, BytesView signature);

/// The standard alphabet with padding (RFC 4648 §4), nothing else.
[[nodiscard]] std::optional<Bytes> from_base64(std::string_view text);

/// `bytes` of the system's randomness as lower-case hexadecimal. Throws std::runtime_error when there is
/// none: to go on with guessable tokens would be worse than to fail the request.
[[nodiscard]] std::string random_hex(std::size_t bytes);

/// Compares by SHA-256 in constant time: neither content nor length of the secret shows in the time taken.
[[nodiscard]] bool same_secret(std::string_view a, std::string_view b);

}  // namespace mj::server
