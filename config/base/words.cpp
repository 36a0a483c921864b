#include "config/base/words.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace mj {
namespace {

struct NamedCause {
  GapCause cause;
  const char* name;
};

constexpr std::array kGapCauses = {
    NamedCause{GapCause::not_yet_configured, "not_yet_configured"},
    NamedCause{GapCause::camera_unreachable, "camera_unreachable"},
    NamedCause{GapCause::auth_failed, "auth_failed"},
    NamedCause{GapCause::unsupported, "unsupported"},
    NamedCause{GapCause::stalled, "stalled"},
    NamedCause{GapCause::no_space, "no_space"},
    NamedCause{GapCause::overload, "overload"},
    NamedCause{GapCause::disk_error, "disk_error"},
    NamedCause{GapCause::shutdown, "shutdown"},
    NamedCause{GapCause::lost_in_crash, "lost_in_crash"},
    NamedCause{GapCause::clock_step, "clock_step"},
    NamedCause{GapCause::paused_by, "paused_by"},
    NamedCause{GapCause::agent_away, "agent_away"},
    NamedCause{GapCause::screen_locked, "screen_locked"},
    NamedCause{GapCause::no_session, "no_session"},
    NamedCause{GapCause::protected_content, "protected_content"},
    NamedCause{GapCause::workstation_asleep, "workstation_asleep"},
    NamedCause{GapCause::agent_stopped, "agent_stopped"},
    NamedCause{GapCause::no_display, "no_display"},
    NamedCause{GapCause::entries_missing, "entries_missing"},
};

/// Some cameras want the password in the address ("/user=admin&password=x&channel=1"); what follows it up to
/// '&' goes.
void mask_password_parameters(std::string& url) {
  std::string lower = url;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const std::string_view word : {"password=", "passwd=", "pwd=", "pass="}) {
    size_t at = 0;
    while ((at = lower.find(word, at)) != std::string::npos) {
      const size_t begin = at + word.size();
      const size_t end = std::min(lower.find('&', begin), lower.size());
      url.replace(begin, end - begin, "***");
      lower.replace(begin, end - begin, "***");
      at = begin;
    }
  }
}

/// Where the part of `rest` (all after "://") that may hold user info ends; 0 when it holds none.
size_t user_info_end(std::string_view rest) {
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  const size_t at = authority.rfind('@');
  if (at != std::string_view::npos) return at + 1;
  // A password with a bare '/' in it splits the authority too early: "user:pa/ss@host". Rather a mangled path
  // than a password in a log. An IPv6 host has colons of its own.
  const bool may_be_split_password = !authority.starts_with('[') && authority.find(':') != authority.npos;
  const size_t late_at = rest.rfind('@');
  return may_be_split_password && late_at != rest.npos ? late_at + 1 : 0;
}

}  // namespace

const char* name(StreamKind kind) {
  switch (kind) {
    case StreamKind::main:
      return "main";
    case StreamKind::sub:
      return "sub";
    case StreamKind::screen:
      return "screen";
  }
  return "main";
}

const char* name(GapCause cause) {
  for (const auto& known : kGapCauses) {
    if (known.cause == cause) return known.name;
  }
  return "not_yet_configured";
}

std::optional<GapCause> gap_cause_from(std::string_view name) {
  for (const auto& known : kGapCauses) {
    if (name == known.name) return known.cause;
  }
  return std::nullopt;
}

std::string redact_url(std::string_view url) {
  std::string clean;
  const size_t scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) {
    const size_t at = url.rfind('@');
    clean = at == std::string_view::npos ? url : url.substr(at + 1);
  } else {
    const std::string_view rest = url.substr(scheme_end + 3);
    clean.append(url.substr(0, scheme_end + 3)).append(rest.substr(user_info_end(rest)));
  }
  mask_password_parameters(clean);
  return clean;
}

}  // namespace mj
