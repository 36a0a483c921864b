#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

/// Questions about single values. Pure, except for timezone_exists(), which looks at the disk.
namespace mj::config {

/// Characters (code points) of a UTF-8 text.
[[nodiscard]] size_t character_count(std::string_view text);

/// No control characters: text of the file ends up in logs, pages and headers.
[[nodiscard]] bool is_one_line(std::string_view text);

/// [a-z0-9-]{1,48}: safe as a directory name, in a URL and in a file name.
[[nodiscard]] bool is_id(std::string_view text);

/// Only visible ASCII: what a bearer token may be made of (RFC 6750 asks for less).
[[nodiscard]] bool is_token(std::string_view text);

[[nodiscard]] bool is_environment_name(std::string_view text);

/// What is wrong with a camera's address, as a sentence about what was expected; empty when it is good. Never
/// quotes the address: there may be a password in it.
[[nodiscard]] std::string complaint_about_url(std::string_view url);

/// What RE2 has against a pattern that is to find case numbers in titles; empty when it is good.
[[nodiscard]] std::string complaint_about_title_pattern(const std::string& pattern);

struct HostAndPort {
  std::string host;
  uint16_t port = 0;
};

/// "127.0.0.1:8443" or "[::1]:8443"; the host is an IP address. Errors: invalid.
[[nodiscard]] Result<HostAndPort> parse_listen(std::string_view text);

/// True for an IANA name with a file in /usr/share/zoneinfo.
[[nodiscard]] bool timezone_exists(std::string_view timezone);

/// The known word that `word` was probably meant to be, or empty.
[[nodiscard]] std::string nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace mj::config
