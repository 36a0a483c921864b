#include "config/checks.h"

#include <arpa/inet.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <numeric>

namespace mj::config {
namespace {

constexpr size_t kMaxIdLength = 48;

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool is_letter_or_digit(char c) {
  return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z');
}

bool all_of(std::string_view text, bool (*accepts)(char)) {
  return std::all_of(text.begin(), text.end(), accepts);
}

/// A port of 1 to 5 digits, `lowest` to 65535.
std::optional<uint16_t> parse_port(std::string_view text, uint16_t lowest) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port < lowest) return std::nullopt;
  return port;
}

bool is_ip_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  const int family = host.find(':') == std::string::npos ? AF_INET : AF_INET6;
  return inet_pton(family, host.c_str(), address.data()) == 1;
}

/// "host", "host:554", "[v6]" or "[v6]:554".
bool is_authority(std::string_view authority) {
  std::string_view host;
  std::string_view after;
  if (authority.starts_with('[')) {
    const size_t close = authority.find(']');
    if (close == authority.npos || !is_ip_address(std::string(authority.substr(1, close - 1)))) return false;
    host = authority.substr(0, close + 1);
    after = authority.substr(close + 1);
  } else {
    host = authority.substr(0, authority.find(':'));
    after = authority.substr(host.size());
    if (!all_of(host, [](char c) { return is_letter_or_digit(c) || c == '.' || c == '-' || c == '_'; })) {
      return false;
    }
  }
  if (host.empty()) return false;
  return after.empty() || (after.front() == ':' && parse_port(after.substr(1), 1));
}

/// Levenshtein distance of two short words.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0U);
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = std::exchange(row[j + 1], std::min({row[j] + 1, row[j + 1] + 1, replaced}));
    }
  }
  return row.back();
}

}  // namespace

size_t character_count(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

bool is_one_line(std::string_view text) {
  return all_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= kMaxIdLength &&
         all_of(text, [](char c) { return is_lower_or_digit(c) || c == '-'; });
}

bool is_token(std::string_view text) {
  return all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

bool is_environment_name(std::string_view text) {
  return !text.empty() && !(text.front() >= '0' && text.front() <= '9') &&
         all_of(text, [](char c) { return is_letter_or_digit(c) || c == '_'; });
}

std::string complaint_about_url(std::string_view url) {
  static constexpr std::string_view kShape = "an address like \"rtsp://192.0.2.10:554/stream1\"";
  const size_t scheme_end = url.find("://");
  const std::string_view scheme = url.substr(0, scheme_end);
  if (scheme_end == url.npos || (scheme != "rtsp" && scheme != "rtsps")) {
    return fmt::format("{} (rtsp:// or rtsps://)", kShape);
  }
  const std::string_view rest = url.substr(scheme_end + 3);
  if (rest.find('@') != rest.npos) {
    return "an address without user name and password: put them in user and password_file (an @ that belongs "
           "to the "
           "path is written %40)";
  }
  if (!all_of(rest, [](char c) { return c > 0x20 && c != 0x7f; })) {
    return fmt::format("{} of ASCII characters without spaces (others are written %XX)", kShape);
  }
  if (!is_authority(rest.substr(0, rest.find_first_of("/?#")))) {
    return fmt::format("{}: after the scheme a host, and a port of 1 to 65535 if any", kShape);
  }
  return {};
}

Result<HostAndPort> parse_listen(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon != text.npos) {
    std::string_view host = text.substr(0, colon);
    const auto port = parse_port(text.substr(colon + 1), 0);
    const bool bracketed = host.starts_with('[') && host.ends_with(']') && host.size() > 2;
    if (bracketed) host = host.substr(1, host.size() - 2);
    const bool is_v6 = host.find(':') != host.npos;
    if (port && bracketed == is_v6 && is_ip_address(std::string(host))) {
      return HostAndPort{std::string(host), *port};
    }
  }
  return fail(ErrorKind::invalid,
              "an IP address and a port of 0 to 65535, like \"127.0.0.1:8443\", \"0.0.0.0:8443\" (all IPv4 "
              "addresses) or \"[::1]:8443\"");
}

std::string complaint_about_title_pattern(const std::string& pattern) {
  const RE2 compiled(pattern, RE2::Quiet);
  if (!compiled.ok()) return fmt::format("a regular expression of RE2's kind ({})", compiled.error());
  if (RE2::FullMatch("", compiled)) return "a regular expression that does not fit an empty text";
  return {};
}

bool timezone_exists(std::string_view timezone) {
  const auto fits = [](char c) {
    return is_letter_or_digit(c) || c == '/' || c == '_' || c == '+' || c == '-';
  };
  // No dots: the name becomes part of a path.
  if (timezone.empty() || timezone.size() > 64 || timezone.front() == '/' || !all_of(timezone, fits))
    return false;
  std::ifstream file("/usr/share/zoneinfo/" + std::string(timezone), std::ios::binary);
  std::array<char, 4> magic{};
  file.read(magic.data(), magic.size());
  return file.gcount() == 4 && std::string_view(magic.data(), magic.size()) == "TZif";  // RFC 8536 §3.1
}

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  static constexpr size_t kLongestWord = 64;
  if (word.size() > kLongestWord) return {};
  std::string best;
  size_t best_distance = std::max<size_t>(2, word.size() / 3) + 1;
  for (const auto& candidate : known) {
    const size_t distance = edit_distance(word, candidate);
    if (distance < best_distance && distance < candidate.size()) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace mj::config
