#include "tests/support/camera_farm/session.h"

#include <fmt/format.h>
#include <fnmatch.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <exception>
#include <string_view>

#include "tests/support/camera_farm/tag.h"

extern "C" {
#include <libavutil/base64.h>
#include <libavutil/md5.h>
}

namespace mj::test::farm {
namespace {

std::string md5(const std::string& text) {
  uint8_t digest[16];
  av_md5_sum(digest, reinterpret_cast<const uint8_t*>(text.data()), text.size());
  std::string hex;
  for (const uint8_t byte : digest) hex += fmt::format("{:02x}", byte);
  return hex;
}

/// A header's value; `head` begins with the request line.
std::string header(const std::string& head, std::string_view name) {
  for (size_t at = head.find("\r\n"); at != std::string::npos; at = head.find("\r\n", at + 2)) {
    const std::string_view line = std::string_view(head).substr(at + 2);
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    if (strncasecmp(line.data(), name.data(), name.size()) != 0) continue;
    std::string_view value = line.substr(name.size() + 1);
    value = value.substr(0, value.find("\r\n"));
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    return std::string(value);
  }
  return {};
}

std::string quoted(const std::string& text, const std::string& key) {
  size_t at = text.find(key + "=\"");
  if (at == std::string::npos) return {};
  at += key.size() + 2;
  return text.substr(at, text.find('"', at) - at);
}

std::string base64(const std::string& text) {
  std::string out(AV_BASE64_SIZE(text.size()), '\0');
  av_base64_encode(out.data(), static_cast<int>(out.size()), reinterpret_cast<const uint8_t*>(text.data()),
                   static_cast<int>(text.size()));
  out.resize(out.find('\0'));
  return out;
}

}  // namespace

Session::Session(Config& config, int fd)
    : config_(config),
      fd_(fd),
      number_(++config.totals.sessions),
      random_state_(static_cast<uint64_t>(now_us()) * 2654435761U + number_) {
  nonce_ = md5(std::to_string(random()) + "n");
}

Session::~Session() {
  if (playing_) {
    config_.totals.playing--;
    write_log();
  }
  close(fd_);
}

void Session::write_log() const {
  if (!config_.log) return;
  fmt::print(config_.log, "{},{},{:08x},{:.3f},{:.3f},{},{},{},{}\n", number_, path_, path_hash_,
             static_cast<double>(play_start_wall_) / 1e6, static_cast<double>(wall_us()) / 1e6, frames_,
             dropped_, packets_, bytes_);
  std::fflush(config_.log);
}

void Session::reset_on_close() {
  const linger now{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

uint64_t Session::random() {
  random_state_ ^= random_state_ << 13;
  random_state_ ^= random_state_ >> 7;
  random_state_ ^= random_state_ << 17;
  return random_state_;
}

bool Session::chance(double probability) {
  return probability > 0 && static_cast<double>(random() >> 11) * 0x1p-53 < probability;
}

bool Session::on_readable() {
  char buffer[16384];
  ssize_t got = 0;
  while ((got = recv(fd_, buffer, sizeof buffer, 0)) > 0) {
    in_.append(buffer, static_cast<size_t>(got));
    if (in_.size() > (1U << 20)) return false;
    if (static_cast<size_t>(got) < sizeof buffer) break;
  }
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return false;
  return take_requests();
}

bool Session::take_requests() {
  while (!in_.empty()) {
    if (in_[0] == '$') {  // the client's receiver reports
      if (in_.size() < 4) return true;
      const size_t size = 4 + (static_cast<uint8_t>(in_[2]) << 8 | static_cast<uint8_t>(in_[3]));
      if (in_.size() < size) return true;
      in_.erase(0, size);
      continue;
    }
    const size_t end = in_.find("\r\n\r\n");
    if (end == std::string::npos) return true;
    const std::string head = in_.substr(0, end + 2);
    const auto body = static_cast<size_t>(std::max(0, std::atoi(header(head, "Content-Length").c_str())));
    if (in_.size() < end + 4 + body) return true;
    in_.erase(0, end + 4 + body);
    const size_t first = head.find(' ');
    const size_t second = head.find(' ', first + 1);
    if (second == std::string::npos) return false;
    if (!handle(head, head.substr(0, first), head.substr(first + 1, second - first - 1))) return false;
  }
  return true;
}

bool Session::select_clip(const std::string& url) {
  size_t at = url.find("://");
  at = url.find('/', at == std::string::npos ? 0 : at + 3);
  std::string path = at == std::string::npos ? "" : url.substr(at + 1);
  path.resize(std::min(path.find("/trackID="), path.size()));
  const size_t question = path.find('?');
  const std::string query = question == std::string::npos ? "" : path.substr(question + 1);
  path.resize(std::min(question, path.size()));
  while (!path.empty() && path.back() == '/') path.pop_back();
  const auto clip = config_.clips.find(path.substr(0, path.find('/')));
  if (clip == config_.clips.end()) return false;
  path_ = path;
  path_hash_ = path_hash(path);
  clip_ = clip->second.get();
  faults_ = {};
  for (const auto& [pattern, faults] : config_.faults)
    if (fnmatch(pattern.c_str(), path.c_str(), 0) == 0) faults_ = faults;
  try {
    faults_.parse(query, '&');
  } catch (const std::exception&) {
    return false;
  }
  out_.resize(std::max(out_.size(), clip_->tracks.size()));
  return true;
}

bool Session::reply(int code, const std::string& reason, const std::string& headers,
                    const std::string& body) {
  std::string text =
      fmt::format("RTSP/1.0 {} {}\r\nCSeq: {}\r\nServer: camera_farm\r\n{}", code, reason, cseq_, headers);
  if (!body.empty()) text += fmt::format("Content-Length: {}\r\n", body.size());
  text += "\r\n" + body;
  if (faults_.reply_delay <= 0) return write(text);
  delayed_replies_.emplace_back(now_us() + static_cast<int64_t>(faults_.reply_delay * 1e6), std::move(text));
  return true;
}

bool Session::authorised(const std::string& head, const std::string& method) const {
  if (config_.user.empty()) return true;
  const std::string given = header(head, "Authorization");
  if (config_.basic) return given == "Basic " + base64(config_.user + ":" + config_.password);
  if (given.compare(0, 6, "Digest") != 0 || quoted(given, "nonce") != nonce_) return false;
  if (quoted(given, "username") != config_.user) return false;
  return quoted(given, "response") == md5(md5(config_.user + ":camera_farm:" + config_.password) + ":" +
                                          nonce_ + ":" + md5(method + ":" + quoted(given, "uri")));
}

std::string Session::challenge() const {
  if (config_.basic) return "WWW-Authenticate: Basic realm=\"camera_farm\"\r\n";
  return "WWW-Authenticate: Digest realm=\"camera_farm\", nonce=\"" + nonce_ + "\"\r\n";
}

bool Session::handle(const std::string& head, const std::string& method, const std::string& url) {
  cseq_ = header(head, "CSeq");
  if (method == "OPTIONS")
    return reply(200, "OK",
                 "Public: OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, GET_PARAMETER, SET_PARAMETER, TEARDOWN\r\n");
  if (!authorised(head, method)) return reply(401, "Unauthorized", challenge());
  const std::string session = "Session: " + session_id_ + ";timeout=60\r\n";
  if (method == "GET_PARAMETER" || method == "SET_PARAMETER" || method == "PAUSE")
    return reply(200, "OK", session);
  if (method == "TEARDOWN") return reply(200, "OK", session) && false;
  if (method == "DESCRIBE") return describe(url);
  if (method == "SETUP") return set_up(head, url);
  if (method == "PLAY") return start_playing(url);
  return reply(501, "Not Implemented");
}

bool Session::describe(const std::string& url) {
  if (!select_clip(url)) return reply(404, "Not Found");
  if (faults_.refuse != 0) return reply(faults_.refuse, "Refused");
  const auto held = config_.held_until_us.find(path_);
  if (held != config_.held_until_us.end() && held->second > now_us())
    return reply(503, "Service Unavailable");
  std::string sdp =
      "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=" + path_ + "\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\na=control:*\r\n";
  for (size_t i = 0; i < clip_->tracks.size(); ++i) {
    const Track& track = clip_->tracks[i];
    sdp += fmt::format("m={} 0 RTP/AVP {}\r\n{}a=control:trackID={}\r\n", track.video ? "video" : "audio",
                       track.payload_type, track.sdp, i);
  }
  return reply(200, "OK", "Content-Type: application/sdp\r\nContent-Base: " + url + "/\r\n", sdp);
}

bool Session::set_up(const std::string& head, const std::string& url) {
  if (!clip_ && !select_clip(url)) return reply(404, "Not Found");
  const size_t id = url.rfind("trackID=");
  const size_t track = id == std::string::npos ? 0 : static_cast<size_t>(std::atoi(url.c_str() + id + 8));
  const std::string transport = header(head, "Transport");
  if (transport.find("RTP/AVP/TCP") == std::string::npos) return reply(461, "Unsupported Transport");
  if (track >= out_.size()) return reply(404, "Not Found");
  const size_t channels = transport.find("interleaved=");
  Out& out = out_[track];
  out.channel = static_cast<uint8_t>(channels == std::string::npos
                                         ? track * 2
                                         : static_cast<size_t>(std::atoi(transport.c_str() + channels + 12)));
  out.set_up = true;
  out.ssrc = static_cast<uint32_t>(random() >> 13);
  out.base = static_cast<uint32_t>(random() >> 21);
  out.sequence = static_cast<uint16_t>(random() >> 40);
  if (session_id_.empty()) session_id_ = md5(std::to_string(random())).substr(0, 16);
  return reply(
      200, "OK",
      fmt::format(
          "Session: {};timeout=60\r\nTransport: RTP/AVP/TCP;unicast;interleaved={}-{};ssrc={:08X}\r\n",
          session_id_, out.channel, out.channel + 1, out.ssrc));
}

bool Session::start_playing(const std::string& url) {
  if (!clip_ || session_id_.empty()) return reply(455, "Method Not Valid in This State");
  if (!playing_) play(now_us());
  std::string info;
  for (size_t i = 0; i < out_.size(); ++i) {
    if (!out_[i].set_up) continue;
    info += fmt::format("{}url={}/trackID={};seq={};rtptime={}", info.empty() ? "" : ",", url, i,
                        out_[i].sequence, first_rtp_time(i));
  }
  return reply(200, "OK",
               "Session: " + session_id_ + ";timeout=60\r\nRange: npt=0.000-\r\nRTP-Info: " + info + "\r\n");
}

}  // namespace mj::test::farm
