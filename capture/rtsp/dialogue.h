#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capture/rtsp/auth.h"
#include "capture/rtsp/connection.h"
#include "capture/rtsp/ending.h"
#include "capture/rtsp/interleaved.h"
#include "config/config.h"

namespace mj::capture::rtsp {

/// What all sessions of one thread read into, one after the other: 177 cameras need no 177 buffers.
struct Scratch {
  static constexpr std::size_t kReadBytes = 256 * 1024;
  static constexpr std::size_t kBytes = kReadBytes + kMaxInterleavedBytes;
  Bytes bytes = Bytes(kBytes);
};

/// The RTSP conversation on one connection: requests and their replies, authentication, the session id, and
/// the media between. Owner: a session; `auth`, `scratch`, `clock` and `media` must outlive it. Threads: the
/// session's. Does not: know what is asked for, or deadlines: close() ends whatever is waited for.
class Dialogue final : private Demux::Handler {
 public:
  class Media {
   public:
    virtual ~Media() = default;
    virtual void on_interleaved(uint8_t channel, BytesView payload, SteadyTime arrived) = 0;
  };

  Dialogue(std::unique_ptr<Connection> connection, Authenticator& auth, Scratch& scratch, const Clock& clock,
           Media& media);

  /// Sends a request and returns its reply, whatever its status; 401 has been answered as far as it can be.
  [[nodiscard]] Task<Outcome<Message>> ask(std::string_view method, std::string url,
                                           std::vector<Header> headers);
  /// Reads once and hands on what came.
  [[nodiscard]] Task<Outcome<void>> pump();
  /// Sends a request whose reply nobody waits for; told_status() knows it once it is there.
  void tell(std::string_view method, const std::string& url);
  void send_interleaved(uint8_t channel, BytesView payload);
  void close() { connection_->close(); }

  void expect_channel(uint8_t channel) { demux_.expect_channel(channel); }
  [[nodiscard]] const std::string& session_id() const { return session_id_; }
  [[nodiscard]] Duration session_timeout() const { return session_timeout_; }
  /// The status of the reply to the last tell(), once.
  [[nodiscard]] std::optional<int> told_status() { return std::exchange(told_status_, std::nullopt); }
  [[nodiscard]] uint64_t reads() const { return reads_; }
  [[nodiscard]] uint64_t bytes_read() const { return bytes_read_; }
  [[nodiscard]] asio::ip::address peer() const { return connection_->peer(); }

 private:
  void on_frame(uint8_t channel, BytesView payload) override {
    media_.on_interleaved(channel, payload, now_);
  }
  void on_message(Message message) override;
  void on_request(const Message& request);
  void learn_session(std::string_view header);
  /// True when the request carried credentials.
  bool send(std::string_view method, const std::string& url, std::vector<Header> headers);

  std::unique_ptr<Connection> connection_;
  Authenticator& auth_;
  Scratch& scratch_;
  const Clock& clock_;
  Media& media_;
  Demux demux_;
  Bytes tail_;  // of a frame that is not whole yet
  SteadyTime now_;
  unsigned cseq_ = 0;
  std::optional<unsigned> awaited_;
  std::optional<Message> reply_;
  std::optional<unsigned> told_;
  bool told_with_credentials_ = false;
  std::optional<int> told_status_;
  bool broken_ = false;
  bool dismissed_ = false;  // the camera asked us to go
  std::string session_id_;
  Duration session_timeout_ = std::chrono::seconds(60);  // RFC 2326 §12.37
  uint64_t reads_ = 0;
  uint64_t bytes_read_ = 0;
};

}  // namespace mj::capture::rtsp
