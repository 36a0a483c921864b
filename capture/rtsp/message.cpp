#include "capture/rtsp/message.h"

#include <algorithm>

#include "capture/rtsp/text.h"

namespace mj::capture::rtsp {
namespace {

constexpr std::size_t kMaxHeaders = 64;

void append_clean(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (static_cast<unsigned char>(c) >= ' ' && c != 0x7F) out += c;
  }
}

}  // namespace

std::string_view Message::header(std::string_view name) const {
  const auto found =
      std::find_if(headers.begin(), headers.end(), [&](const Header& h) { return same_word(h.name, name); });
  return found == headers.end() ? std::string_view{} : std::string_view(found->value);
}

std::optional<unsigned> Message::cseq() const {
  return leading_number<unsigned>(header("CSeq"));
}

std::string Message::status_line() const {
  return printable(reason.empty() ? std::to_string(status) : std::to_string(status) + " " + reason);
}

std::size_t MessageReader::feed(BytesView bytes) {
  const std::string_view text = as_text(bytes);
  std::size_t used = 0;
  while (used < text.size() && state_ != State::complete && state_ != State::failed) {
    if (state_ == State::body) {
      const auto part = std::min(text.size() - used, body_bytes_ - message_.body.size());
      message_.body.append(text.substr(used, part));
      used += part;
      if (message_.body.size() == body_bytes_) state_ = State::complete;
      continue;
    }
    const auto end = text.find('\n', used);
    const auto stop = end == std::string_view::npos ? text.size() : end + 1;
    head_bytes_ += stop - used;
    if (head_bytes_ > kMaxHeaderBytes) {
      refuse("the header is longer than 16 KiB");
      break;
    }
    line_.append(text.substr(used, stop - used));
    used = stop;
    if (end == std::string_view::npos) {
      if (state_ == State::idle) state_ = State::head;
    } else if (!take_line()) {
      break;
    }
  }
  return used;
}

bool MessageReader::take_line() {
  const std::string line = std::exchange(line_, {});
  const std::string_view text = trim(line);
  if (message_.status == 0 && message_.method.empty()) {
    state_ = State::head;
    if (!text.empty()) start_line(text);  // blank lines before a message are allowed (RFC 2326 §4.1)
  } else if (text.empty()) {
    end_of_head();
  } else if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    if (message_.headers.size() == kMaxHeaders) {
      refuse("more than 64 header lines");
    } else {
      message_.headers.push_back(
          {std::string(trim(text.substr(0, colon))), std::string(trim(text.substr(colon + 1)))});
    }
  }
  return state_ != State::failed;
}

void MessageReader::start_line(std::string_view line) {
  const std::string_view first = cut(line, ' ');
  if (starts_with_word(first, "RTSP/")) {
    line = trim(line);
    const auto status = number<int>(cut(line, ' '));
    if (!status || *status < 100 || *status > 999) return refuse("the status line has no status");
    message_.status = *status;
    message_.reason = trim(line);
    return;
  }
  message_.method = first;
  message_.url = trim(cut(line, ' '));
  if (message_.method.empty() || message_.method.size() > 32) refuse("neither a reply nor a request");
}

void MessageReader::end_of_head() {
  state_ = State::complete;
  const auto length = message_.header("Content-Length");
  if (length.empty()) return;
  const auto bytes = leading_number<uint64_t>(length);
  if (!bytes) return refuse("Content-Length is no number");
  if (*bytes > kMaxBodyBytes) return refuse("the body is longer than 64 KiB");
  body_bytes_ = static_cast<std::size_t>(*bytes);
  if (body_bytes_ > 0) state_ = State::body;
}

void MessageReader::refuse(std::string problem) {
  state_ = State::failed;
  problem_ = std::move(problem);
}

Message MessageReader::take() {
  Message message = std::move(message_);
  *this = MessageReader{};
  return message;
}

std::string write_request(std::string_view method, std::string_view url, unsigned cseq,
                          const std::vector<Header>& headers) {
  std::string out = fmt::format("{} ", method);
  append_clean(out, url);
  out += fmt::format(" RTSP/1.0\r\nCSeq: {}\r\nUser-Agent: Mingjing\r\n", cseq);
  for (const auto& header : headers) {
    out += header.name + ": ";
    append_clean(out, header.value);
    out += "\r\n";
  }
  return out + "\r\n";
}

std::string write_reply(int status, std::string_view reason, const Message& request) {
  std::string out = fmt::format("RTSP/1.0 {} {}\r\nCSeq: ", status, reason);
  append_clean(out, request.header("CSeq"));
  return out + "\r\n\r\n";
}

}  // namespace mj::capture::rtsp
