#include "capture/rtsp/dialogue.h"

#include <algorithm>

#include "capture/rtsp/text.h"

namespace mj::capture::rtsp {
namespace {

constexpr int kMostAuthRounds = 3;
constexpr int kUnauthorized = 401;
constexpr std::size_t kMaxSessionId = 256;

}  // namespace

Dialogue::Dialogue(std::unique_ptr<Connection> connection, Authenticator& auth, Scratch& scratch,
                   const Clock& clock, Media& media)
    : connection_(std::move(connection)), auth_(auth), scratch_(scratch), clock_(clock), media_(media) {}

bool Dialogue::send(std::string_view method, const std::string& url, std::vector<Header> headers) {
  std::string credentials = auth_.authorization(method, url);
  const bool with_credentials = !credentials.empty();
  if (with_credentials) headers.push_back({"Authorization", std::move(credentials)});
  if (!session_id_.empty()) headers.push_back({"Session", session_id_});
  if (!connection_->send(as_bytes(write_request(method, url, ++cseq_, headers)))) broken_ = true;
  return with_credentials;
}

Task<Outcome<Message>> Dialogue::ask(std::string_view method, std::string url, std::vector<Header> headers) {
  for (int round = 0; round < kMostAuthRounds; ++round) {
    reply_.reset();
    const bool with_credentials = send(method, url, headers);
    awaited_ = cseq_;
    while (!reply_) {
      if (auto read = co_await pump(); !read) co_return tl::unexpected(read.error());
    }
    awaited_.reset();
    if (reply_->status != kUnauthorized) co_return std::move(*reply_);
    if (const auto answer = auth_.answer(*reply_, with_credentials); !answer) {
      co_return ended(GapCause::auth_failed, answer.error().message);
    }
  }
  co_return ended(GapCause::auth_failed, "the camera goes on asking for credentials it was given");
}

Task<Outcome<void>> Dialogue::pump() {
  if (broken_) co_return ended(GapCause::camera_unreachable, "the camera no longer reads what we send");
  if (const ErrorCode error = co_await connection_->readable()) {
    co_return ended(GapCause::camera_unreachable, "the connection broke (" + error.message() + ")");
  }
  const std::span<uint8_t> buffer(scratch_.bytes);
  std::ranges::copy(tail_, buffer.begin());
  ErrorCode error;
  const std::size_t got = connection_->read(buffer.subspan(tail_.size(), Scratch::kReadBytes), error);
  if (error == asio::error::eof)
    co_return ended(GapCause::camera_unreachable, "the camera closed the connection");
  if (error) co_return ended(GapCause::camera_unreachable, "the connection broke (" + error.message() + ")");
  ++reads_;
  bytes_read_ += got;
  now_ = clock_.steady_now();
  const BytesView data = BytesView(buffer).first(tail_.size() + got);
  const auto used = demux_.consume(data, *this);
  if (!used) co_return ended(GapCause::unsupported, used.error().message);
  tail_.assign(data.begin() + static_cast<std::ptrdiff_t>(*used), data.end());
  if (dismissed_) co_return ended(GapCause::camera_unreachable, "the camera ended the session");
  co_return Outcome<void>{};
}

void Dialogue::tell(std::string_view method, const std::string& url) {
  told_with_credentials_ = send(method, url, {});
  told_ = cseq_;
  told_status_.reset();
}

void Dialogue::send_interleaved(uint8_t channel, BytesView payload) {
  Bytes frame{'$', channel, static_cast<uint8_t>(payload.size() >> 8), static_cast<uint8_t>(payload.size())};
  frame.insert(frame.end(), payload.begin(), payload.end());
  if (!connection_->send(frame)) broken_ = true;
}

void Dialogue::on_message(Message message) {
  if (message.status == 0) return on_request(message);
  if (message.status < 200) return;  // interim
  learn_session(message.header("Session"));
  const auto cseq = message.cseq();
  if (awaited_ && (!cseq || *cseq == *awaited_)) {
    reply_ = std::move(message);
  } else if (told_ && cseq == told_) {
    told_.reset();
    told_status_ = message.status;
    // A nonce may have grown too old since; what comes of it shows with the next request.
    if (message.status == kUnauthorized) (void)auth_.answer(message, told_with_credentials_);
  }
}

void Dialogue::on_request(const Message& request) {
  const bool harmless =
      request.method == "OPTIONS" || request.method == "GET_PARAMETER" || request.method == "SET_PARAMETER";
  dismissed_ = dismissed_ || request.method == "TEARDOWN" || request.method == "REDIRECT";
  const std::string reply =
      harmless ? write_reply(200, "OK", request) : write_reply(501, "Not Implemented", request);
  if (!connection_->send(as_bytes(reply))) broken_ = true;
}

void Dialogue::learn_session(std::string_view header) {
  if (header.empty() || header.size() > kMaxSessionId) return;
  session_id_ = trim(cut(header, ';'));
  while (!header.empty()) {
    std::string_view parameter = cut(header, ';');
    if (!same_word(trim(cut(parameter, '=')), "timeout")) continue;
    if (const auto seconds = leading_number<int>(parameter); seconds && *seconds > 0) {
      session_timeout_ = std::chrono::seconds(std::clamp(*seconds, 2, 3600));
    }
  }
}

}  // namespace mj::capture::rtsp
