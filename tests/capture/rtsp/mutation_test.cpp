// Ten thousand damaged inputs per parser, the same on every machine: nothing may crash, hang or grow. Run
// under ASan.

#include <gtest/gtest.h>

#include <random>

#include "capture/rtsp/auth.h"
#include "capture/rtsp/h264_syntax.h"
#include "capture/rtsp/h265_syntax.h"
#include "capture/rtsp/interleaved.h"
#include "capture/rtsp/rtcp.h"
#include "capture/rtsp/sdp.h"
#include "capture/rtsp/transport.h"
#include "capture/rtsp/url.h"
#include "tests/capture/rtsp/packets.h"

namespace mj::capture::rtsp {
namespace {

using namespace mj::test;

constexpr int kRounds = 10'000;

/// Flips, cuts, doubles, inserts: one to eight times.
Bytes mutate(Bytes bytes, std::mt19937& random) {
  const auto at = [&] { return bytes.empty() ? 0 : random() % bytes.size(); };
  for (auto edits = 1 + random() % 8; edits > 0 && !bytes.empty(); --edits) {
    const auto place = bytes.begin() + static_cast<std::ptrdiff_t>(at());
    switch (random() % 5) {
      case 0:
        *place = static_cast<uint8_t>(random());
        break;
      case 1:
        *place ^= static_cast<uint8_t>(1U << random() % 8);
        break;
      case 2:
        bytes.erase(place, place + static_cast<std::ptrdiff_t>(
                                       random() % static_cast<unsigned>(bytes.end() - place + 1)));
        break;
      case 3:
        bytes.insert(place, 1 + random() % 16, static_cast<uint8_t>(random()));
        break;
      default: {
        const Bytes tail(place, bytes.end());
        if (bytes.size() < 100'000) bytes.insert(bytes.end(), tail.begin(), tail.end());
      }
    }
  }
  return bytes;
}

Bytes text(std::string_view string) {
  return {as_bytes(string).begin(), as_bytes(string).end()};
}

class Ignore final : public Demux::Handler {
 public:
  void on_frame(uint8_t, BytesView payload) override { bytes += payload.size(); }
  void on_message(Message message) override {
    bytes += message.body.size();
    (void)strongest_challenge(message);
    (void)parse_transport(message.header("Transport"));
  }
  std::size_t bytes = 0;
};

const std::string_view kReply =
    "RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\nSession: 12345678;timeout=60\r\n"
    "WWW-Authenticate: Digest realm=\"a\", nonce=\"b\", algorithm=SHA-256, qop=\"auth\", stale=FALSE\r\n"
    "WWW-Authenticate: Basic realm=\"a\\\"b\"\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1;ssrc= 1A\r\n"
    "Content-Length: 4\r\n\r\nbody";

const std::string_view kSdp =
    "v=0\r\no=- 1 1 IN IP4 10.0.0.5\r\ns=x\r\nt=0 0\r\na=control:*\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 "
    "H264/90000\r\n"
    "a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z01AKNkAeAIn5cBE,aOvDyyA=\r\na=control:t1\r\n"
    "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 mpeg4-generic/16000/2\r\n"
    "a=fmtp:97 config=1410;sizelength=13;indexlength=3;indexdeltalength=3\r\na=control:t2\r\n";

TEST(Mutation, Demux) {
  std::mt19937 random(1);
  const Bytes seed = join({{'$', 0, 0, 20},
                           Bytes(20, 0x80),
                           text(kReply),
                           {'$', 1, 0, 8},
                           Bytes(8, 0x81),
                           text("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n")});
  for (int round = 0; round < kRounds; ++round) {
    Demux demux;
    demux.expect_channel(0);
    Ignore ignore;
    const Bytes data = mutate(seed, random);
    std::size_t at = 0;
    while (at < data.size()) {
      const auto used = demux.consume(BytesView(data).subspan(at), ignore);
      if (!used || *used == 0) break;
      at += *used;
    }
    ASSERT_LE(ignore.bytes, data.size()) << round;
  }
}

TEST(Mutation, Sdp) {
  std::mt19937 random(2);
  for (int round = 0; round < kRounds; ++round) {
    const auto sdp = parse_sdp(as_text(mutate(text(kSdp), random)));
    if (!sdp) continue;
    const auto url = parse_url("rtsp://h/x?y=z");
    for (const auto& track : sdp->tracks) {
      const std::string joined = control_url(*url, track.control);
      ASSERT_EQ(joined.find_first_of("\r\n "), std::string::npos) << round;
      ASSERT_TRUE(joined.starts_with("rtsp://h/")) << joined;
    }
  }
}

TEST(Mutation, Rtcp) {
  std::mt19937 random(3);
  const Bytes seed = join({from_hex("80c8000600000001eea7000080000000000015f9000000ff00000fff"),
                           from_hex("81ca000200000001010161008"
                                    "1cb000100000001")});
  for (int round = 0; round < kRounds; ++round) (void)parse_rtcp(mutate(seed, random));
}

TEST(Mutation, ParameterSets) {
  std::mt19937 random(4);
  for (int round = 0; round < kRounds; ++round) {
    H264Syntax avc;
    H265Syntax hevc;
    for (const auto hex : {h264::kSps1080, h264::kSps360B, h264::kPps360B}) {
      avc.learn(mutate(from_hex(hex), random));
    }
    for (const auto hex : {h265::kVps, h265::kSps360B, h265::kPps}) hevc.learn(mutate(from_hex(hex), random));
    for (NalSyntax* syntax : {static_cast<NalSyntax*>(&avc), static_cast<NalSyntax*>(&hevc)}) {
      const auto config = syntax->config();
      if (!config) continue;
      ASSERT_GT(config->width, 0);
      ASSERT_LE(int64_t{config->width} * config->height, kMaxPicturePixels);
    }
    const Bytes sei = mutate(from_hex("0606018480"), random);
    (void)avc.says_recovery(sei);
    (void)avc.is_intra(sei);
  }
}

/// A plausible little stream of one codec, as packets.
std::vector<Bytes> stream_of(Codec codec) {
  std::vector<Bytes> payloads;
  const auto add = [&](const std::vector<Bytes>& more) {
    payloads.insert(payloads.end(), more.begin(), more.end());
  };
  if (codec == Codec::h264) {
    add({stap_a({from_hex(h264::kSps360B), from_hex(h264::kPps360B)})});
    add(fu_a(h264::slice(true, 300), 3));
    add({join({{0, 0, 0, 1}, from_hex(h264::kSps1080), {0, 0, 1}, h264::slice(true)}), h264::slice(false)});
  } else if (codec == Codec::h265) {
    add({from_hex(h265::kVps), from_hex(h265::kSps1080), from_hex(h265::kPps)});
    add(fu_h265(h265::slice(true, 300), 3));
    add({h265::slice(false), join({{48 << 1, 1, 0, 40}, h265::slice(false)})});
  } else {
    add({join({from_hex("002000180010"), Bytes(5, 0xA1)}), join({from_hex("00100050"), Bytes(6, 1)}),
         join({from_hex("00100050"), Bytes(4, 2)}), Bytes(160, 0xD5)});
  }
  return payloads;
}

class Depacketizers : public testing::TestWithParam<Codec> {};

TEST_P(Depacketizers, SurviveMutatedPackets) {
  std::mt19937 random(5);
  const auto payloads = stream_of(GetParam());
  Track track = video_track(GetParam(), {});
  track.kind =
      GetParam() == Codec::h264 || GetParam() == Codec::h265 ? Track::Kind::video : Track::Kind::audio;
  UnitLog log;
  auto depacketizer = make_depacketizer(track, log);
  SequenceTracker sequence;
  for (int round = 0; round < kRounds; ++round) {
    for (std::size_t i = 0; i < payloads.size(); ++i) {
      const PacketFields fields{
          .sequence = static_cast<uint16_t>(round * static_cast<int>(payloads.size()) + static_cast<int>(i)),
          .time = static_cast<uint32_t>(round * 3600),
          .marker = i + 1 == payloads.size()};
      Bytes bytes = rtp(fields, payloads[i]);
      if (random() % 3 == 0) bytes = mutate(std::move(bytes), random);
      const auto packet = parse_rtp(bytes);
      if (!packet) continue;
      if (sequence.next(*packet) != SequenceTracker::Verdict::in_order) depacketizer->lost();
      depacketizer->push(*packet);
    }
    if (round % 100 == 0) depacketizer->flush();
    const bool video = track.kind == Track::Kind::video;
    for (std::size_t i = 0; i < log.units.size(); ++i) {
      ASSERT_LE(log.units[i].unit.bytes, kMaxUnitBytes);
      if (video) ASSERT_FALSE(log.nals(i).empty()) << "lengths lie in round " << round;
    }
    log.units.clear();
    if (log.payload().size() > 1'000'000) {
      depacketizer->flush();
      log.payload().clear();
    }
  }
  EXPECT_GT(depacketizer->counts().units, 0U);
}

INSTANTIATE_TEST_SUITE_P(All, Depacketizers,
                         testing::Values(Codec::h264, Codec::h265, Codec::aac, Codec::pcm_alaw));

}  // namespace
}  // namespace mj::capture::rtsp
