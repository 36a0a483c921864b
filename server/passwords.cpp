#include "server/passwords.h"

#include <sodium.h>

#include "server/text.h"

namespace mj::server {
namespace {

constexpr std::size_t kLeastCharacters = 8;
constexpr std::size_t kMostBytes = 1024;

bool sodium_ready() {
  static const bool kReady = sodium_init() >= 0;
  return kReady;
}

}  // namespace

Result<void> check_password_form(std::string_view password) {
  if (!is_utf8(password)) return fail(ErrorKind::invalid, "the password must be UTF-8 text");
  if (code_points(password) < kLeastCharacters) {
    return fail(ErrorKind::invalid, "the password must have at least {} characters", kLeastCharacters);
  }
  if (password.size() > kMostBytes)
    return fail(ErrorKind::invalid, "the password is longer than {} bytes", kMostBytes);
  return {};
}

Result<std::string> hash_password(std::string_view password, const PasswordCost& cost) {
  char out[crypto_pwhash_STRBYTES] = {};
  if (!sodium_ready()) return fail(ErrorKind::internal, "libsodium does not start");
  if (crypto_pwhash_str_alg(out, password.data(), password.size(), cost.operations, cost.memory_bytes,
                            crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return fail(ErrorKind::unavailable, "not enough memory to hash a password");
  }
  return std::string(out);
}

bool password_matches(std::string_view password, const std::string& hash) {
  return sodium_ready() && crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

}  // namespace mj::server
