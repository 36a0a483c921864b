#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace mj::capture::rtsp {

constexpr std::size_t kMaxHeaderBytes = 16 * 1024;
constexpr std::size_t kMaxBodyBytes = 64 * 1024;

struct Header {
  std::string name;
  std::string value;
};

/// One RTSP 1.0 message as it came (RFC 2326 §4): a reply, or a request of the camera's own (status 0).
struct Message {
  int status = 0;
  std::string reason;
  std::string method;  ///< of a request
  std::string url;     ///< of a request
  std::vector<Header> headers;
  std::string body;

  /// The first header of that name, case ignored; "" when absent.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  [[nodiscard]] std::optional<unsigned> cseq() const;
  /// "404 Stream Not Found", printable.
  [[nodiscard]] std::string status_line() const;
};

/// Collects one message from any split of its bytes.
/// Owner: a session. Threads: the session's. Does not: look for where a message begins (Demux does). Memory:
/// header and body limits above, refused before they are stored. Fails: failed() says so for good; the
/// connection is then of no more use. Tolerates: LF line ends, missing reason, blanks anywhere around names
/// and values, lines without colon.
class MessageReader {
 public:
  /// Returns how many bytes it took; fewer than given when the message is complete or refused.
  std::size_t feed(BytesView bytes);
  [[nodiscard]] bool complete() const { return state_ == State::complete; }
  [[nodiscard]] bool failed() const { return state_ == State::failed; }
  /// In the middle of a message?
  [[nodiscard]] bool busy() const { return state_ != State::idle; }
  [[nodiscard]] const std::string& problem() const { return problem_; }
  /// The complete message; the reader is then ready for the next.
  [[nodiscard]] Message take();

 private:
  enum class State { idle, head, body, complete, failed };
  bool take_line();
  void refuse(std::string problem);
  void start_line(std::string_view line);
  void end_of_head();

  State state_ = State::idle;
  std::string line_;
  std::size_t head_bytes_ = 0;
  std::size_t body_bytes_ = 0;
  Message message_;
  std::string problem_;
};

/// The bytes of a request. Header values lose control characters, so that what a camera sent cannot forge a
/// line.
[[nodiscard]] std::string write_request(std::string_view method, std::string_view url, unsigned cseq,
                                        const std::vector<Header>& headers);

/// The bytes of a reply to a request of the camera's own.
[[nodiscard]] std::string write_reply(int status, std::string_view reason, const Message& request);

}  // namespace mj::capture::rtsp
