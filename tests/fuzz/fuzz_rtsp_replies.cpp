// What a camera sends on a TCP connection: frames, messages, garbage, in reads of any size.

#include <algorithm>
#include <cstdlib>

#include "capture/rtsp/auth.h"
#include "capture/rtsp/interleaved.h"
#include "capture/rtsp/transport.h"
#include "capture/rtsp/url.h"

namespace {

using namespace mj;
using namespace mj::capture::rtsp;

class Check final : public Demux::Handler {
 public:
  void on_frame(uint8_t, BytesView payload) override {
    if (payload.size() > 65535) std::abort();
  }
  void on_message(Message message) override {
    if (message.body.size() > kMaxBodyBytes) std::abort();
    (void)strongest_challenge(message);
    (void)parse_transport(message.header("Transport"));
    (void)message.cseq();
    (void)message.status_line();
    const auto asked = parse_url("rtsp://camera/live");
    if (base_url(*asked, message.header("Content-Base")).host != "camera") std::abort();
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t step = 1 + data[0];
  Demux demux;
  demux.expect_channel(0);
  demux.expect_channel(1);
  Check check;
  Bytes tail;
  for (std::size_t at = 1; at < size; at += step) {
    tail.insert(tail.end(), data + at, data + std::min(size, at + step));
    const auto used = demux.consume(tail, check);
    if (!used) return 0;
    if (*used > tail.size()) std::abort();
    tail.erase(tail.begin(), tail.begin() + static_cast<std::ptrdiff_t>(*used));
    if (tail.size() >= kMaxInterleavedBytes) std::abort();
  }
  return 0;
}
