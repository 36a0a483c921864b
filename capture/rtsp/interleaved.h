#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string>

#include "capture/rtsp/message.h"
#include "config/config.h"

namespace mj::capture::rtsp {

/// The longest thing between two `$`: header and 16 bit of length (RFC 2326 §10.12).
constexpr std::size_t kMaxInterleavedBytes = 4 + 65535;

/// Splits what a TCP connection brings into interleaved frames and messages, in place.
/// Owner: a session. Threads: the session's. Does not: copy frames (views into the caller's buffer), judge
/// what is in them. After bytes that are neither, it hunts for the next believable frame or message;
/// garbage_bytes() counts what it skipped. Fails only on a message beyond its limits: the connection is then
/// of no more use.
class Demux {
 public:
  class Handler {
   public:
    virtual ~Handler() = default;
    virtual void on_frame(uint8_t channel, BytesView payload) = 0;
    virtual void on_message(Message message) = 0;
  };

  /// Only frames on these channels are believed after garbage.
  void expect_channel(uint8_t channel) { channels_.set(channel); }

  /// Takes what is whole from the front of `data` and returns its size. The rest, an incomplete frame of
  /// fewer than kMaxInterleavedBytes, is to be presented again with more bytes behind it.
  [[nodiscard]] Result<std::size_t> consume(BytesView data, Handler& handler);

  [[nodiscard]] uint64_t garbage_bytes() const { return garbage_bytes_; }

 private:
  enum class Look { yes, no, too_short };
  [[nodiscard]] Look frame_at(BytesView data) const;
  /// Garbage may follow a frame, but a frame of the sender heard before on its channel is none itself.
  [[nodiscard]] bool may_be_sender(BytesView frame) const;
  [[nodiscard]] static Look message_at(BytesView data);
  [[nodiscard]] std::size_t skip_garbage(BytesView data);
  [[nodiscard]] Result<std::size_t> feed_message(BytesView data, Handler& handler);

  MessageReader reader_;
  std::bitset<256> channels_;
  std::array<uint32_t, 256> senders_{};  // SSRC of the last frame believed on a channel, 0: none yet
  bool hunting_ = false;
  uint64_t garbage_bytes_ = 0;
};

}  // namespace mj::capture::rtsp
