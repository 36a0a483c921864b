#pragma once

#include <string>
#include <string_view>

#include "config/config.h"

/// Hashes, randomness and comparison of secrets (OpenSSL).
namespace mj::server {

[[nodiscard]] Digest sha256(std::string_view text);

/// `bytes` of the system's randomness as lower-case hexadecimal. Throws std::runtime_error when there is
/// none: to go on with guessable tokens would be worse than to fail the request.
[[nodiscard]] std::string random_hex(std::size_t bytes);

/// Compares by SHA-256 in constant time: neither content nor length of the secret shows in the time taken.
[[nodiscard]] bool same_secret(std::string_view a, std::string_view b);

}  // namespace mj::server
