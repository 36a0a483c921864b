#include "server/target.h"

#include <algorithm>
#include <charconv>

#include "server/limits.h"
#include "server/text.h"

namespace mj::server {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<std::string> decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
      if (high < 0 || low < 0)
        return fail(ErrorKind::invalid, "the address has a '%' without two hexadecimal digits");
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  if (!is_plain_text(out))
    return fail(ErrorKind::invalid, "the address holds bytes that are not plain UTF-8 text");
  return out;
}

/// A step may hold an encoded slash (a case number may), but nothing that a file system would take for a way
/// up.
bool climbs(std::string_view step) {
  while (true) {
    const auto slash = step.find('/');
    const std::string_view part = step.substr(0, slash);
    if (part == "." || part == "..") return true;
    if (slash == std::string_view::npos) return false;
    step.remove_prefix(slash + 1);
  }
}

Result<std::vector<std::string>> split_path(std::string_view path) {
  std::vector<std::string> steps;
  path.remove_prefix(1);
  while (!path.empty()) {
    const auto slash = path.find('/');
    MJ_TRY(std::string step, decode(path.substr(0, slash), false));
    if (climbs(step)) return fail(ErrorKind::invalid, "the address has a '.' or '..' step");
    steps.push_back(std::move(step));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
    if (path.empty()) steps.emplace_back();  // a trailing slash is another address
  }
  return steps;
}

Result<std::vector<std::pair<std::string, std::string>>> split_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> out;
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto pair = query.substr(0, end);
    const auto equals = pair.find('=');
    if (equals == 0 || equals == std::string_view::npos) {
      return fail(ErrorKind::invalid, "the query must be name=value pairs");
    }
    MJ_TRY(std::string name, decode(pair.substr(0, equals), true));
    MJ_TRY(std::string value, decode(pair.substr(equals + 1), true));
    const bool twice = std::any_of(out.begin(), out.end(), [&](const auto& p) { return p.first == name; });
    if (twice) return fail(ErrorKind::invalid, "the query has ?{}= twice", name);
    out.emplace_back(std::move(name), std::move(value));
    if (end == std::string_view::npos) break;
    query.remove_prefix(end + 1);
  }
  return out;
}

bool is_visible_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

}  // namespace

const std::string* Target::find(std::string_view name) const {
  const auto it = std::find_if(query.begin(), query.end(), [&](const auto& p) { return p.first == name; });
  return it == query.end() ? nullptr : &it->second;
}

Result<Target> parse_target(std::string_view target) {
  if (target.size() > kTargetBytes)
    return fail(ErrorKind::invalid, "the address is longer than {} bytes", kTargetBytes);
  if (target.empty() || target.front() != '/')
    return fail(ErrorKind::invalid, "the address must begin with '/'");
  if (!is_visible_ascii(target) || target.find('#') != std::string_view::npos) {
    return fail(ErrorKind::invalid, "the address holds characters that must be percent-encoded");
  }
  const auto mark = target.find('?');
  Target out;
  MJ_TRY(out.path, split_path(target.substr(0, mark)));
  if (mark != std::string_view::npos) {
    MJ_TRY(out.query, split_query(target.substr(mark + 1)));
  }
  return out;
}

Result<void> allow_query(const Target& target, std::initializer_list<std::string_view> names) {
  for (const auto& [name, value] : target.query) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      return fail(ErrorKind::invalid, "?{}= is not known here", name);
    }
  }
  return {};
}

Result<int64_t> parse_integer(std::string_view text, std::string_view what) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return fail(ErrorKind::invalid, "{} must be a whole number", what);
  }
  return value;
}

Result<WallTime> query_time(const Target& target, std::string_view name) {
  // Before 1970 and after 2200 is a mistake, and arithmetic on what remains cannot overflow.
  constexpr int64_t kLatest = 7'258'118'400'000'000;
  const std::string* text = target.find(name);
  if (text == nullptr)
    return fail(ErrorKind::invalid, "?{}= is missing: microseconds of UTC since 1970", name);
  MJ_TRY(const int64_t us, parse_integer(*text, "?" + std::string(name) + "="));
  if (us < 0 || us > kLatest)
    return fail(ErrorKind::invalid, "?{}= is not a time in microseconds since 1970", name);
  return from_us(us);
}

Result<std::optional<WallTime>> optional_time(const Target& target, std::string_view name) {
  if (target.find(name) == nullptr) return std::nullopt;
  MJ_TRY(const WallTime time, query_time(target, name));
  return time;
}

Result<std::string> optional_id(const Target& target, std::string_view name) {
  const std::string* id = target.find(name);
  if (id == nullptr) return std::string();
  if (id->empty() || id->size() > 64) return fail(ErrorKind::invalid, "?{}= must be an id", name);
  return *id;
}

Result<std::pair<WallTime, WallTime>> query_interval(const Target& target, Duration longest) {
  MJ_TRY(const WallTime from, query_time(target, "from"));
  MJ_TRY(const WallTime to, query_time(target, "to"));
  if (to <= from) return fail(ErrorKind::invalid, "?to= must be after ?from=");
  if (to - from > longest) {
    return fail(ErrorKind::invalid, "the interval is longer than {} hours", longest / std::chrono::hours(1));
  }
  return std::pair{from, to};
}

Result<int> query_limit(const Target& target, int most) {
  const std::string* text = target.find("limit");
  if (text == nullptr) return most;
  MJ_TRY(const int64_t limit, parse_integer(*text, "?limit="));
  if (limit < 1 || limit > most) return fail(ErrorKind::invalid, "?limit= must be 1 to {}", most);
  return static_cast<int>(limit);
}

}  // namespace mj::server
