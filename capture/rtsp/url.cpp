#include "capture/rtsp/url.h"

#include "capture/rtsp/text.h"

namespace mj::capture::rtsp {
namespace {

constexpr uint16_t kRtspPort = 554;
constexpr uint16_t kRtspsPort = 322;

/// A blank would end the request line, a control character forge one.
std::string escaped(std::string_view path) {
  std::string out;
  for (const char c : path) {
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7F) {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out;
}

Result<void> set_authority(Url& url, std::string_view authority) {
  if (const auto at = authority.rfind('@'); at != std::string_view::npos)
    authority = authority.substr(at + 1);
  std::string_view port;
  if (authority.starts_with('[')) {
    const auto close = authority.find(']');
    if (close == std::string_view::npos) return fail(ErrorKind::invalid, "the address lacks a ']'");
    url.host = authority.substr(1, close - 1);
    port = authority.substr(close + 1);
    if (port.starts_with(':')) port.remove_prefix(1);
  } else {
    port = authority;
    url.host = cut(port, ':');
  }
  if (url.host.empty() || url.host.size() > 253) return fail(ErrorKind::invalid, "the address names no host");
  if (port.empty()) return {};
  const auto number_of_port = number<uint16_t>(port);
  if (!number_of_port || *number_of_port == 0)
    return fail(ErrorKind::invalid, "the port is no number from 1 to 65535");
  url.port = *number_of_port;
  return {};
}

}  // namespace

std::string Url::to_string() const {
  std::string out = tls ? "rtsps://" : "rtsp://";
  const bool v6 = host.find(':') != std::string::npos;
  out += v6 ? "[" + host + "]" : host;
  if (port != (tls ? kRtspsPort : kRtspPort)) out += fmt::format(":{}", port);
  return out + path;
}

Result<Url> parse_url(std::string_view text) {
  text = trim(text);
  Url url;
  if (starts_with_word(text, "rtsp://")) {
    text.remove_prefix(7);
  } else if (starts_with_word(text, "rtsps://")) {
    text.remove_prefix(8);
    url.tls = true;
    url.port = kRtspsPort;
  } else {
    return fail(ErrorKind::invalid, "not an rtsp:// or rtsps:// address");
  }
  const auto end = text.find_first_of("/?");
  MJ_CHECK(set_authority(url, text.substr(0, end)));
  if (end == std::string_view::npos) return url;
  url.path = escaped(text.substr(end));
  if (url.path.front() == '?') url.path.insert(0, "/");
  return url;
}

Url base_url(const Url& requested, std::string_view content_base) {
  content_base = trim(content_base);
  Url base = requested;
  if (content_base.empty()) return base;
  if (content_base.starts_with('/')) {
    base.path = escaped(content_base);
    return base;
  }
  const bool bare = content_base.find("://") == std::string_view::npos;
  auto named = parse_url(bare ? "rtsp://" + std::string(content_base) : std::string(content_base));
  if (named) base.path = std::move(named->path);
  return base;
}

std::string control_url(const Url& base, std::string_view control) {
  control = trim(control);
  if (control.empty() || control == "*") return base.to_string();
  if (control.find("://") != std::string_view::npos) {
    const auto absolute = parse_url(control);
    if (!absolute) return base.to_string();
    Url track = base;
    track.path = absolute->path;
    return track.to_string();
  }
  std::string out = base.to_string();
  if (!out.ends_with('/') && !control.starts_with('/')) out += '/';
  if (out.ends_with('/') && control.starts_with('/')) control.remove_prefix(1);
  return out + escaped(control);
}

}  // namespace mj::capture::rtsp
