// A camera's description, and the addresses made of it: never another host, never a broken request line.

#include <cstdlib>

#include "capture/rtsp/depacketizer.h"
#include "capture/rtsp/sdp.h"
#include "capture/rtsp/url.h"

namespace {

using namespace mj;
using namespace mj::capture::rtsp;

class Ignore final : public UnitSink {
 public:
  Bytes& payload() override { return payload_; }
  void on_unit(const Unit&) override {}

 private:
  Bytes payload_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const auto sdp = parse_sdp(as_text({data, size}));
  if (!sdp) return 0;
  if (sdp->tracks.size() > kMaxTracks) std::abort();
  const auto url = parse_url("rtsp://camera/live?x=1");
  for (const auto& track : sdp->tracks) {
    const std::string joined = control_url(*url, track.control);
    const auto address = parse_url(joined);
    if (!address || address->host != "camera" || address->port != url->port) std::abort();
    if (joined.find_first_of("\r\n ") != std::string::npos) std::abort();
    if (track.clock_rate == 0 || track.channels <= 0) std::abort();
    Ignore ignore;
    const auto depacketizer = make_depacketizer(track, ignore);  // learns the parameter sets
  }
  return 0;
}
