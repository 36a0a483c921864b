#include "capture/rtsp/interleaved.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "capture/rtsp/rtp.h"

namespace mj::capture::rtsp {
namespace {

constexpr std::size_t kFrameHeader = 4;
constexpr std::size_t kSmallestPayload = 8;  // an empty RTCP receiver report

/// How a message may begin: a reply, or one of the requests a camera may make (RFC 2326 §10).
constexpr std::array<std::string_view, 8> kMessageStarts{"RTSP/1.",        "OPTIONS ",       "ANNOUNCE ",
                                                         "GET_PARAMETER ", "SET_PARAMETER ", "REDIRECT ",
                                                         "TEARDOWN ",      "PLAY_NOTIFY "};

std::size_t payload_length(BytesView data) {
  return static_cast<std::size_t>(data[2]) << 8 | data[3];
}

/// RTP has its SSRC at byte 8, RTCP at byte 4 (RFC 3550 §5.1, §6.4). Payloads shorter than that have none.
uint32_t sender_of(BytesView payload) {
  const bool control = payload.size() > 1 && payload[1] >= 200 && payload[1] <= 204;
  const std::size_t at = control ? 4 : 8;
  return payload.size() >= at + 4 ? read_u32(&payload[at]) : 0;
}

}  // namespace

bool Demux::may_be_sender(BytesView frame) const {
  const uint32_t known = senders_[frame[1]];
  return known == 0 || sender_of(frame.subspan(kFrameHeader)) == known;
}

Demux::Look Demux::frame_at(BytesView data) const {
  if (hunting_) {
    // RTP and RTCP both begin with version 2 (RFC 3550 §5.1).
    if (data.size() > 1 && !channels_[data[1]]) return Look::no;
    if (data.size() >= kFrameHeader && payload_length(data) < kSmallestPayload) return Look::no;
    if (data.size() > kFrameHeader && data[kFrameHeader] >> 6 != 2) return Look::no;
  }
  if (data.size() < kFrameHeader) return Look::too_short;
  const std::size_t size = kFrameHeader + payload_length(data);
  if (data.size() < size) return Look::too_short;
  const bool followed_by_garbage = hunting_ && data.size() > size && data[size] != '$' && data[size] != 'R';
  return followed_by_garbage && !may_be_sender(data.first(size)) ? Look::no : Look::yes;
}

Demux::Look Demux::message_at(BytesView data) {
  const std::string_view text = as_text(data);
  for (const std::string_view start : kMessageStarts) {
    if (text.starts_with(start)) return Look::yes;
    if (text.size() < start.size() && start.starts_with(text)) return Look::too_short;
  }
  return Look::no;
}

std::size_t Demux::skip_garbage(BytesView data) {
  hunting_ = true;
  const auto next = std::find_if(data.begin() + 1, data.end(), [](uint8_t c) {
    return c == '$' || (c >= 'A' && c <= 'T');  // the letters of kMessageStarts lie in there
  });
  const auto skipped = static_cast<std::size_t>(next - data.begin());
  garbage_bytes_ += skipped;
  return skipped;
}

Result<std::size_t> Demux::feed_message(BytesView data, Handler& handler) {
  const std::size_t used = reader_.feed(data);
  if (reader_.failed())
    return fail(ErrorKind::invalid, "the camera's answer is refused: {}", reader_.problem());
  if (reader_.complete()) {
    hunting_ = false;
    handler.on_message(reader_.take());
  }
  return used;
}

Result<std::size_t> Demux::consume(BytesView data, Handler& handler) {
  std::size_t at = 0;
  while (at < data.size()) {
    const BytesView rest = data.subspan(at);
    if (reader_.busy()) {
      MJ_TRY(const std::size_t used, feed_message(rest, handler));
      at += used;
      continue;
    }
    const bool frame = rest[0] == '$';
    const Look look = frame ? frame_at(rest) : message_at(rest);
    if (look == Look::too_short) break;
    if (look == Look::no) {
      const bool blank = !hunting_ && (rest[0] == '\r' || rest[0] == '\n');
      at += blank ? 1 : skip_garbage(rest);
    } else if (frame) {
      hunting_ = false;
      const BytesView payload = rest.subspan(kFrameHeader, payload_length(rest));
      senders_[rest[1]] = sender_of(payload);
      handler.on_frame(rest[1], payload);
      at += kFrameHeader + payload.size();
    } else {
      MJ_TRY(const std::size_t used, feed_message(rest, handler));
      at += used;
    }
  }
  return at;
}

}  // namespace mj::capture::rtsp
