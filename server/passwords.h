#pragma once

#include <string>

#include "config/config.h"

/// Password hashing by argon2id (libsodium). Slow (~0.15 s) and fat (64 MiB) on purpose: only on the work
/// pool, one at a time.
namespace mj::server {

/// What one hash costs. Tests take less.
struct PasswordCost {
  unsigned long long operations = 3;
  std::size_t memory_bytes = 64ULL * 1024 * 1024;
};

/// ≥ 8 characters, ≤ 1024 bytes, UTF-8; no rules of composition (NIST SP 800-63B). Errors: invalid.
[[nodiscard]] Result<void> check_password_form(std::string_view password);

/// Errors: unavailable (no memory).
[[nodiscard]] Result<std::string> hash_password(std::string_view password, const PasswordCost& cost);

/// Constant time for a given cost.
[[nodiscard]] bool password_matches(std::string_view password, const std::string& hash);

}  // namespace mj::server
