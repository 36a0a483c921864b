#include "server/sessions.h"

#include "server/digests.h"

namespace mj::server {
namespace {

constexpr std::size_t kTokenBytes = 32;

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool looks_like_token(std::string_view text) {
  return text.size() == kTokenBytes * 2 &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

Result<std::string> Sessions::begin(int64_t account) {
  const std::string token = random_hex(kTokenBytes);
  MJ_CHECK(index_.add_session(sha256(token), account, clock_.now() + kLifetime));
  return cookie(token, std::chrono::duration_cast<std::chrono::seconds>(kLifetime));
}

Result<index::Account> Sessions::find(std::string_view token) const {
  return index_.session(sha256(token));
}

Result<void> Sessions::end(std::string_view token) {
  return index_.remove_session(sha256(token));
}

std::optional<std::string> Sessions::token_in(std::string_view cookie_header) const {
  std::optional<std::string> found;
  while (!cookie_header.empty()) {
    const auto end = cookie_header.find(';');
    const auto pair = trim(cookie_header.substr(0, end));
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == cookie_name()) {
      if (found) return std::nullopt;
      found = pair.substr(equals + 1);
    }
    if (end == std::string_view::npos) break;
    cookie_header.remove_prefix(end + 1);
  }
  if (found && !looks_like_token(*found)) return std::nullopt;
  return found;
}

std::string Sessions::cookie(std::string_view token, std::chrono::seconds age) const {
  return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{}", cookie_name(), token,
                     age.count(), tls_ ? "; Secure" : "");
}

std::string Sessions::forget_cookie() const {
  return cookie("", std::chrono::seconds(0));
}

}  // namespace mj::server
