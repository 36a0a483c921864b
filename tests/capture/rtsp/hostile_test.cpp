// Servers that mean harm, or are broken beyond use: each is given up by its deadline, in bounded memory.

#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "tests/capture/rtsp/engine_run.h"

namespace mj::capture::rtsp {
namespace {

using namespace mj::test;
using namespace std::chrono_literals;
using Peer = FakeCamera::Peer;

struct Behaviour {
  const char* name;
  const char* method;  ///< the request it answers so
  FakeCamera::Script script;
};

void PrintTo(const Behaviour& behaviour, std::ostream* out) {
  *out << behaviour.name;
}

Bytes text(const std::string& string) {
  return {as_bytes(string).begin(), as_bytes(string).end()};
}

Bytes noise(std::size_t size) {
  std::minstd_rand random(7);
  Bytes out(size);
  for (auto& byte : out) byte = static_cast<uint8_t>(random() >> 8);
  return out;
}

/// `head` and then `body` for ever.
FakeCamera::Script endless(std::string head, Bytes body) {
  return [head = std::move(head), body = std::move(body)](Peer& peer, const CameraRequest& request) {
    std::string begun = head;
    if (const auto at = begun.find("{cseq}"); at != std::string::npos)
      begun.replace(at, 6, request.header("CSeq"));
    if (!begun.empty()) peer.send(begun);
    peer.flood(body);
  };
}

FakeCamera::Script drip(std::string drop) {
  return [drop = std::move(drop)](Peer& peer, const CameraRequest&) {
    peer.every(5ms, [&peer, drop] { peer.send(drop); });
  };
}

FakeCamera::Script answer(std::string status, std::string headers = "", std::string body = "") {
  return [=](Peer& peer, const CameraRequest& request) { peer.reply(request, status, headers, body); };
}

/// Agrees to PLAY and then sends `media` for ever.
FakeCamera::Script play_endless(Bytes media) {
  return [media = std::move(media)](Peer& peer, const CameraRequest& request) {
    peer.reply(request, "200 OK");
    peer.flood(media);
  };
}

std::string tracks(int count) {
  std::string sdp = "v=0\r\n";
  for (int i = 0; i < count; ++i)
    sdp += fmt::format("m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:t{}\r\n", i);
  return sdp;
}

Bytes framed(uint8_t channel, const Bytes& payload) {
  return join(
      {{'$', channel, static_cast<uint8_t>(payload.size() >> 8), static_cast<uint8_t>(payload.size())},
       payload});
}

/// One FU-A after the other that never ends.
Bytes endless_fragments() {
  Bytes out;
  for (uint16_t i = 0; i < 64; ++i) {
    Bytes piece(1400, 0x55);
    piece[0] = 0x7C;
    piece[1] = i == 0 ? 0x85 : 0x05;
    const Bytes packet = framed(0, rtp({.sequence = i, .time = 1}, piece));
    out.insert(out.end(), packet.begin(), packet.end());
  }
  return out;
}

Bytes giant_sps() {
  // baseline, 16384 × 16384
  return framed(0, rtp({.time = 1, .marker = true}, stap_a({from_hex("6742c028da001000008019"),
                                                            from_hex(h264::kPps1080), h264::slice(true)})));
}

const std::string kOk = "RTSP/1.0 200 OK\r\nCSeq: {cseq}\r\n";

/// From the first byte on.
std::vector<Behaviour> bad_conversations() {
  return {
      {"Silent", "OPTIONS", [](Peer&, const CameraRequest&) {}},
      {"ByteDrip", "OPTIONS", drip("X")},
      {"StatusLineDrip", "OPTIONS", drip("R")},
      {"HeaderLineDrip", "OPTIONS",
       [](Peer& peer, const CameraRequest&) {
         peer.send("RTSP/1.0 200 OK\r\n");
         peer.every(5ms, [&peer] { peer.send("a"); });
       }},
      {"BlankLinesForEver", "OPTIONS", endless("", text("\r\n\r\n\r\n\r\n"))},
      {"EndlessHeaders", "OPTIONS", endless(kOk, text("X-A: " + std::string(1000, 'a') + "\r\n"))},
      {"EndlessHeaderLine", "OPTIONS", endless(kOk + "X-A: ", Bytes(4096, 'a'))},
      {"EndlessStatusLine", "OPTIONS", endless("RTSP/1.0 200 ", Bytes(4096, 'a'))},
      {"ManyTinyHeaders", "OPTIONS", endless(kOk, text("a:b\r\na:b\r\na:b\r\n"))},
      {"EndlessContinue", "OPTIONS", endless("", text("RTSP/1.0 100 Continue\r\n\r\n"))},
      {"RepliesToOthers", "OPTIONS", endless("", text("RTSP/1.0 200 OK\r\nCSeq: 9999\r\n\r\n"))},
      {"RequestsForEver", "OPTIONS", endless("", text("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n"))},
      {"HttpInstead", "OPTIONS", endless("", text("HTTP/1.1 400 Bad Request\r\n\r\n"))},
      {"NoiseInstead", "OPTIONS", endless("", noise(65536))},
      {"FramesInstead", "OPTIONS", endless("", framed(0, Bytes(1400, 0x80)))},
      {"BadStatus", "OPTIONS", endless("RTSP/1.0 999999999999 OK\r\n\r\n", text("x"))},
  };
}

std::vector<Behaviour> bad_descriptions() {
  return {
      {"TwoGigabyteBody", "DESCRIBE",
       endless(kOk + "Content-Length: 2000000000\r\n\r\n", text("v=0\r\nv=0\r\n"))},
      {"NegativeBody", "DESCRIBE", endless(kOk + "Content-Length: -5\r\n\r\n", text("v=0\r\n"))},
      {"OverflowingBody", "DESCRIBE",
       endless(kOk + "Content-Length: 18446744073709551620\r\n\r\n", text("v=0\r\n"))},
      {"BodyNeverComes", "DESCRIBE", answer("200 OK", "Content-Length: 60000\r\n")},
      {"BodyDrips", "DESCRIBE",
       [](Peer& peer, const CameraRequest& request) {
         peer.reply(request, "200 OK", "Content-Length: 60000\r\n");
         peer.every(5ms, [&peer] { peer.send("v"); });
       }},
      {"TwentyThousandTracks", "DESCRIBE", answer("200 OK", "", tracks(20'000))},
      {"NineTracks", "DESCRIBE", answer("200 OK", "", tracks(9))},
      {"EmptyDescription", "DESCRIBE", answer("200 OK")},
      {"DescriptionOfNoise", "DESCRIBE", answer("200 OK", "", std::string(60'000, '\xEE'))},
      {"NestedBase64", "DESCRIBE",
       [](Peer& peer, const CameraRequest& request) {
         peer.reply(request, "200 OK", "", h264_sdp("sprop-parameter-sets=" + std::string(60'000, 'Z')));
       }},
      {"RedirectToFile", "DESCRIBE", answer("302 Moved", "Location: file:///etc/passwd\r\n")},
      {"RedirectToHttp", "DESCRIBE",
       answer("302 Moved", "Location: http://127.0.0.1:9998/latest/meta-data\r\n")},
      {"RedirectElsewhere", "DESCRIBE",
       answer("302 Moved", "Location: rtsp://10.255.255.1:9999/internal\r\n")},
      {"RedirectToNowhere", "DESCRIBE", answer("302 Moved")},
      {"UnauthorizedForEver", "DESCRIBE",
       answer("401 Unauthorized", "WWW-Authenticate: Digest realm=\"\", nonce=\"\"\r\n")},
      {"StaleForEver", "DESCRIBE",
       answer("401 Unauthorized", "WWW-Authenticate: Digest realm=\"a\", nonce=\"b\", stale=true\r\n")},
      {"EndlessRealm", "DESCRIBE",
       answer("401 Unauthorized", "WWW-Authenticate: Digest realm=\"" + std::string(15'000, '\\') + "\r\n")},
  };
}

std::vector<Behaviour> bad_media() {
  return {
      {"SetupOnAllChannels", "SETUP",
       answer("200 OK", "Session: 1\r\nTransport: RTP/AVP/TCP;interleaved=999-1000\r\n")},
      {"UnsupportedForEver", "SETUP", answer("461 Unsupported Transport")},
      {"LongSessionId", "SETUP", answer("200 OK", "Session: " + std::string(15'000, 's') + "\r\n")},
      {"PlayNeverAnswered", "PLAY", [](Peer&, const CameraRequest&) {}},
      {"PlayThenNothing", "PLAY", answer("200 OK")},
      {"PlayThenNoise", "PLAY", play_endless(noise(65536))},
      {"PlayThenFramedNoise", "PLAY", play_endless(framed(0, noise(1400)))},
      {"LengthsLie", "PLAY", play_endless(join({{'$', 0, 0xFF, 0xFF}, Bytes(100, 0x80)}))},
      {"LengthsOfZero", "PLAY", play_endless(Bytes{'$', 0, 0, 0})},
      {"UnknownChannels", "PLAY", play_endless(framed(77, rtp({}, h264::slice(true))))},
      {"FragmentsWithoutEnd", "PLAY", play_endless(endless_fragments())},
      {"PictureOf268Megapixels", "PLAY", play_endless(giant_sps())},
      {"SeiForEver", "PLAY", play_endless(framed(0, rtp({.marker = true}, Bytes(1400, 0x06))))},
      {"GoodbyeAtOnce", "PLAY", play_endless(framed(1, from_hex("81cb000100001234")))},
      {"Resets", "PLAY", [](Peer& peer, const CameraRequest&) { peer.reset(); }},
      {"ClosesAtOnce", "CONNECT", [](Peer& peer, const CameraRequest&) { peer.close(); }},
  };
}

std::vector<Behaviour> behaviours() {
  std::vector<Behaviour> all = bad_conversations();
  for (const auto& more : {bad_descriptions(), bad_media()}) all.insert(all.end(), more.begin(), more.end());
  return all;
}

int64_t resident_kib() {
  int64_t pages = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return resident * 4;
}

class HostileCamera : public testing::TestWithParam<Behaviour> {};

TEST_P(HostileCamera, IsGivenUpInTimeAndBoundedMemory) {
  EngineRun run;
  run.limits.first_frame = 400ms;
  run.limits.first_key_patient = 400ms;
  run.limits.retry_first = run.limits.retry_longest = 1h;
  run.user = "admin";
  run.password = "pw";
  run.camera.on(GetParam().method, GetParam().script);
  const int64_t before = resident_kib();
  const auto begun = std::chrono::steady_clock::now();
  run.start();
  ASSERT_TRUE(run.sink.wait_for_ends(1));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 10s);
  run.engine->stop();
  EXPECT_TRUE(run.sink.seen().video.empty());
#if !defined(__SANITIZE_ADDRESS__) && !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
  EXPECT_LT(resident_kib() - before, 8 * 1024 + 1024) << "the camera's own buffers counted in";
#else
  (void)before;
#endif
}

void expect_no_patience(const Bytes& media) {
  EngineRun run;
  run.limits.first_frame = 400ms;
  run.limits.first_key_patient = 1h;
  run.limits.retry_first = run.limits.retry_longest = 1ms;
  run.camera.on("PLAY", play_endless(media));
  run.start();
  ASSERT_TRUE(run.sink.wait_for_ends(2)) << "the second attempt may last as long as the first";
  run.engine->stop();
}

TEST(RefusedPictures, BuyNoPatience) {
  expect_no_patience(giant_sps());
}

TEST(RefusedPictures, BuyNoPatienceWithPacketsMissingEither) {
  Bytes media = framed(0, rtp({.sequence = 1, .time = 1}, from_hex("6742c028da001000008019")));
  for (const Bytes& more : {framed(0, rtp({.sequence = 2, .time = 1}, from_hex(h264::kPps1080))),
                            framed(0, rtp({.sequence = 3, .time = 1}, h264::slice(true)))}) {
    media.insert(media.end(), more.begin(), more.end());
  }
  expect_no_patience(media);
}

INSTANTIATE_TEST_SUITE_P(All, HostileCamera, testing::ValuesIn(behaviours()),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace mj::capture::rtsp
