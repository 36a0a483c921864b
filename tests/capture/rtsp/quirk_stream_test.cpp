// What cameras do to bitstreams. Numbers: the project's list of camera quirks.

#include <gtest/gtest.h>

#include "tests/capture/rtsp/recording.h"

namespace mj::capture {
namespace {

using namespace mj::test;
using namespace std::chrono_literals;

constexpr Duration kFrame = 40ms;

/// `text` as sprop-* wants it.
std::string base64(const Bytes& bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t bits = static_cast<uint32_t>(bytes[i]) << 16;
    if (i + 1 < bytes.size()) bits |= static_cast<uint32_t>(bytes[i + 1]) << 8;
    if (i + 2 < bytes.size()) bits |= bytes[i + 2];
    for (int shift = 18; shift >= 0; shift -= 6) out += kDigits[bits >> shift & 63];
  }
  return out;
}

std::string sets_1080() {
  return base64(from_hex(h264::kSps1080)) + "," + base64(from_hex(h264::kPps1080));
}

/// One H.264 picture in packets of the test's own making, several times, and what was recorded of it.
Recording::Footage record(Recording& r, const std::function<void(CameraStream&, bool key)>& picture,
                          int count = 10) {
  r.start();
  EXPECT_TRUE(r.wait_until_playing());
  for (int i = 0; i < count; ++i) {
    picture(r.stream, i % 5 == 0);
    r.stream.next_picture();
    r.send(kFrame);
  }
  r.stop();
  return r.footage();
}

TEST(CameraQuirks, Quirk12_ParameterSetsChangeAtAKeyPicture) {
  Recording r;
  r.start();
  ASSERT_TRUE(r.wait_until_playing());
  r.play(50, kFrame);
  for (int i = 0; i < 2; ++i) {
    r.stream.packet(from_hex(h264::kSps360B)).packet(from_hex(h264::kPps360B)).key(false);
    r.send(kFrame);
    for (int k = 0; k < 24; ++k) {
      r.stream.inter();
      r.send(kFrame);
    }
  }
  r.stop();
  const auto footage = r.footage();
  EXPECT_EQ(footage.pictures, 100U);
  ASSERT_EQ(footage.run_starts.size(), 2U);
  EXPECT_EQ(footage.fragments.front().run->width, 1920);
  EXPECT_EQ(footage.fragments.back().run->width, 640);
  EXPECT_EQ(footage.missing, Duration{0});
}

TEST(CameraQuirks, Quirk12_ParameterSetsChangeBetweenKeyPictures) {
  Recording r;
  r.start();
  ASSERT_TRUE(r.wait_until_playing());
  r.play(30, kFrame);
  r.stream.packet(
      from_hex("68ebc3cb22c0"));  // another PPS of the same number, before a picture that is no key
  r.play(45, kFrame);
  r.stop();
  const auto footage = r.footage();
  EXPECT_EQ(footage.pictures, 75U);
  EXPECT_EQ(footage.missing, Duration{0});
}

TEST(CameraQuirks, Quirk13_ParameterSetsMissingFromTheDescription) {
  for (const char* fmtp :
       {"packetization-mode=1", "packetization-mode=1;sprop-parameter-sets=", "",
        "sprop-parameter-sets=!!!!,@@@@;profile-level-id=zzzzzz", "sprop-parameter-sets=Z00=,aA=="}) {
    Recording r;
    r.camera.sdp = h264_sdp(fmtp);
    r.start();
    ASSERT_TRUE(r.wait_until_playing());
    r.play(25, kFrame);
    r.stop();
    EXPECT_EQ(r.footage().pictures, 25U) << fmtp;
  }
}

TEST(CameraQuirks, Quirk13_ParameterSetsOnlyInTheDescription) {
  Recording r;
  r.camera.sdp = h264_sdp("packetization-mode=1;sprop-parameter-sets=" + sets_1080());
  const auto footage = record(r, [](CameraStream& s, bool key) { s.packet(h264::slice(key, 300), true); });
  EXPECT_EQ(footage.pictures, 10U);
  EXPECT_EQ(footage.fragments.front().run->width, 1920);
}

std::string h265_sdp(const std::string& fmtp) {
  return "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\na=fmtp:96 " + fmtp + "\r\na=control:t\r\n";
}

TEST(CameraQuirks, Quirk13_H265WithoutVpsInTheDescription) {
  Recording r;
  r.camera.sdp = h265_sdp("sprop-sps=" + base64(from_hex(h265::kSps1080)) +
                          ";sprop-pps=" + base64(from_hex(h265::kPps)));
  const auto footage = record(r, [](CameraStream& s, bool key) { s.packet(h265::slice(key, 300), true); });
  EXPECT_EQ(footage.pictures, 10U);
  EXPECT_EQ(footage.fragments.front().run->width, 1920);
  EXPECT_NE(footage.fragments.front().run->mime.find("hvc1"), std::string::npos);
}

TEST(CameraQuirks, Quirk14_AnnexBInsideRtp) {
  Recording r;
  const Bytes code{0, 0, 0, 1};
  const auto footage = record(r, [&](CameraStream& s, bool key) {
    const Bytes sets = join({code, from_hex(h264::kSps1080), code, from_hex(h264::kPps1080)});
    s.packet(join({key ? sets : Bytes{}, code, h264::slice(key, 300)}), true);
  });
  EXPECT_EQ(footage.pictures, 10U);
  EXPECT_EQ(nals_of(footage.fragments.front()).front(), from_hex(h264::kSps1080));
}

TEST(CameraQuirks, Quirk14_AnnexBInsideFragments) {
  Recording r;
  const Bytes code{0, 0, 0, 1};
  const auto footage = record(r, [&](CameraStream& s, bool key) {
    // Several NAL units with start codes, fragmented as if they were the SPS they begin with.
    const Bytes all =
        key ? join({from_hex(h264::kSps1080), code, from_hex(h264::kPps1080), code, h264::slice(true, 900)})
            : h264::slice(false, 900);
    const auto parts = fu_a(all, 3);
    for (std::size_t i = 0; i < parts.size(); ++i) s.packet(parts[i], i + 1 == parts.size());
  });
  EXPECT_EQ(footage.pictures, 10U);
  EXPECT_EQ(nals_of(footage.fragments.front())[2], h264::slice(true, 900));
}

TEST(CameraQuirks, Quirk14_AnnexBInTheDescription) {
  Recording r;
  const Bytes code{0, 0, 0, 1};
  r.camera.sdp = h264_sdp("sprop-parameter-sets=" +
                          base64(join({code, from_hex(h264::kSps1080), code, from_hex(h264::kPps1080)})));
  const auto footage = record(r, [](CameraStream& s, bool key) { s.packet(h264::slice(key, 300), true); });
  EXPECT_EQ(footage.pictures, 10U);
}

TEST(CameraQuirks, Quirk14_BytesBehindTheSps) {
  Recording r;
  const auto footage = record(r, [](CameraStream& s, bool key) {
    if (key) s.packet(join({from_hex(h264::kSps1080), Bytes(5, 0)})).packet(from_hex(h264::kPps1080));
    s.packet(h264::slice(key, 300), true);
  });
  EXPECT_EQ(footage.pictures, 10U);
  EXPECT_EQ(footage.run_starts.size(), 1U);
}

TEST(CameraQuirks, Quirk15_FragmentHeaderChangesHalfWay) {
  Recording r;
  const auto footage = record(r, [](CameraStream& s, bool key) {
    if (key) s.packet(stap_a({from_hex(h264::kSps1080), from_hex(h264::kPps1080)}));
    auto parts = fu_a(h264::slice(key, 900), 4);
    parts[2][1] = static_cast<uint8_t>((parts[2][1] & 0xE0) | 7);
    parts[3][0] = static_cast<uint8_t>(0x1C);
    for (std::size_t i = 0; i < parts.size(); ++i) s.packet(parts[i], i + 1 == parts.size());
  });
  EXPECT_EQ(footage.pictures, 10U);
  EXPECT_EQ(nals_of(footage.fragments.front())[2], h264::slice(true, 900));
}

TEST(CameraQuirks, Quirk15_EmptyFragments) {
  Recording r;
  const auto footage = record(r, [](CameraStream& s, bool key) {
    if (key) s.packet(stap_a({from_hex(h264::kSps1080), from_hex(h264::kPps1080)}));
    const auto parts = fu_a(h264::slice(key, 900), 2);
    Bytes empty = parts[0];
    empty.resize(2);
    empty[1] &= 0x1F;
    s.packet(parts[0]).packet(empty).packet({}).packet(empty).packet(parts[1], true);
  });
  EXPECT_EQ(footage.pictures, 10U);
  EXPECT_EQ(nals_of(footage.fragments.front())[2], h264::slice(true, 900));
}

TEST(CameraQuirks, Quirk15_H265AggregationPackets) {
  Recording r;
  r.camera.sdp = h265_sdp("");
  const auto footage = record(r, [](CameraStream& s, bool key) {
    Bytes packet{48 << 1, 1};
    const auto add = [&](const Bytes& nal) {
      packet.push_back(static_cast<uint8_t>(nal.size() >> 8));
      packet.push_back(static_cast<uint8_t>(nal.size()));
      packet.insert(packet.end(), nal.begin(), nal.end());
    };
    if (key) {
      for (const auto hex : {h265::kVps, h265::kSps1080, h265::kPps}) add(from_hex(hex));
    }
    add(h265::slice(key, 300));
    s.packet(packet, true);
  });
  EXPECT_EQ(footage.pictures, 10U);
}

TEST(CameraQuirks, Quirk15_NoMarkersAtAll) {
  Recording r;
  const auto footage = record(r, [](CameraStream& s, bool key) {
    if (key) s.packet(stap_a({from_hex(h264::kSps1080), from_hex(h264::kPps1080)}));
    for (const auto& part : fu_a(h264::slice(key, 900), 3)) s.packet(part);
  });
  EXPECT_EQ(footage.pictures, 10U);
}

TEST(CameraQuirks, Quirk16_SeiOnlyUnitsAndSignedSeiAreKept) {
  Recording r;
  const Bytes signature = join({from_hex("060510"), Bytes(16, 0x5A), {0x80}});
  const auto footage = record(r, [&](CameraStream& s, bool key) {
    s.packet(signature, true);
    if (key) s.packet(stap_a({from_hex(h264::kSps1080), from_hex(h264::kPps1080)}));
    s.packet(h264::slice(key, 300), true);
  });
  EXPECT_EQ(footage.pictures, 10U);
  int kept = 0;
  for (const auto& fragment : footage.fragments) {
    for (const auto& nal : nals_of(fragment)) kept += nal == signature ? 1 : 0;
  }
  EXPECT_EQ(kept, 10);
}

TEST(CameraQuirks, Quirk17_G711IsKeptAsSent) {
  for (const bool alaw : {true, false}) {
    Recording r;
    r.camera.sdp =
        h264_sdp() + (alaw ? std::string(kAlawTrack) : "m=audio 0 RTP/AVP 0\r\na=control:trackID=1\r\n");
    r.start();
    ASSERT_TRUE(r.wait_until_playing());
    for (uint32_t i = 0; i < 50; ++i) {
      r.stream.audio(i * 320, 320, alaw ? 8 : 0);
      r.play(1, kFrame);
    }
    r.stop();
    const auto footage = r.footage();
    EXPECT_EQ(footage.pictures, 50U);
    EXPECT_EQ(footage.fragments.front().run->audio, alaw ? "pcm_alaw" : "pcm_mulaw");
    EXPECT_GT(footage.fragments.front().bytes->size(), footage.fragments.front().video_bytes);
  }
}

TEST(CameraQuirks, Quirk17_SoundWeCannotRecordCostsNoPicture) {
  for (const char* track :
       {"m=audio 0 RTP/AVP 98\r\na=rtpmap:98 G7221/16000\r\na=control:a\r\n",
        "m=audio 0 RTP/AVP 98\r\na=rtpmap:98 G726-32/8000\r\na=control:a\r\n",
        "m=audio 0 RTP/AVP 11\r\na=control:a\r\n",
        "m=audio 0 RTP/AVP 98\r\na=rtpmap:98 MPEG4-GENERIC/16000\r\na=fmtp:98 mode=AAC-hbr\r\n",
        "m=audio 0 RTP/AVP 98\r\na=rtpmap:98 mpeg4-generic/16000\r\na=fmtp:98 config=zz\r\n",
        "m=audio 0 RTP/AVP 0\r\na=sendonly\r\na=control:a\r\n"}) {
    Recording r;
    r.camera.sdp = h264_sdp() + track;
    r.start();
    ASSERT_TRUE(r.wait_until_playing());
    r.play(25, kFrame);
    r.stop();
    EXPECT_EQ(r.footage().pictures, 25U) << track;
    EXPECT_EQ(r.footage().fragments.front().run->audio, "") << track;
  }
}

TEST(CameraQuirks, Quirk17_DeclaredSoundNeverComes) {
  Recording r;
  r.camera.sdp = h264_sdp() + std::string(kAlawTrack);
  r.start();
  ASSERT_TRUE(r.wait_until_playing());
  r.play(100, kFrame);
  EXPECT_GE(r.footage().pictures, 50U) << "pictures do not wait for sound";
  r.stop();
  EXPECT_EQ(r.footage().pictures, 100U);
}

TEST(CameraQuirks, Quirk18_CodecSwitchedByTheInstaller) {
  Recording r;
  r.start();
  ASSERT_TRUE(r.wait_until_playing());
  r.play(25, kFrame);
  r.camera.describe_as(h265_sdp(""));
  r.camera.drop_all();
  r.clock.advance(2s);
  ASSERT_TRUE(r.wait_until_playing(2));
  for (int i = 0; i < 25; ++i) {
    if (i == 0)
      r.stream.packet(from_hex(h265::kVps)).packet(from_hex(h265::kSps1080)).packet(from_hex(h265::kPps));
    r.stream.packet(h265::slice(i == 0, 300), true).next_picture();
    r.send(kFrame);
  }
  r.stop();
  const auto footage = r.footage();
  EXPECT_EQ(footage.pictures, 50U);
  ASSERT_EQ(footage.run_starts.size(), 2U);
  EXPECT_NE(footage.fragments.front().run->mime.find("avc1"), std::string::npos);
  EXPECT_NE(footage.fragments.back().run->mime.find("hvc1"), std::string::npos);
}

TEST(CameraQuirks, Quirk28_LostPacketsAreAGapAndNotADamagedPicture) {
  Recording r;
  r.start();
  ASSERT_TRUE(r.wait_until_playing());
  r.play(35, kFrame, 25);
  r.stream.skip_packets(2).jump(2 * 3600);
  r.clock.advance(2 * kFrame);
  r.play(15, kFrame, 25);  // up to the key picture: of no use
  r.play(25, kFrame, 25);
  r.stop();
  const auto footage = r.footage();
  EXPECT_EQ(footage.pictures, 60U);
  EXPECT_NEAR(static_cast<double>(footage.missing.count()), 17 * 40'000.0, 41'000.0);
  EXPECT_EQ(r.outage_causes().front(), GapCause::stalled);
}

/// What a full, slow or missing disk does to a camera: nothing. The connection stays, and footage goes on at
/// a key picture as soon as somebody takes it. What the disk itself does is in tests/storage.
TEST(CameraQuirks, Quirk32_NobodyTakesTheFootageForAWhile) {
  Recording r;
  r.start();
  ASSERT_TRUE(r.wait_until_playing());
  r.play(50, kFrame);
  r.outlet.refuse(true);
  r.play(60, kFrame);
  EXPECT_EQ(r.source->status().cause, GapCause::overload);
  r.outlet.refuse(false);
  r.play(50, kFrame);
  EXPECT_EQ(r.source->status().state, StreamStatus::State::recording);
  r.stop();
  const auto footage = r.footage();
  EXPECT_EQ(r.camera.connections(), 1);
  EXPECT_GT(footage.missing, 2s);
  const auto after = std::ranges::find_if(
      footage.fragments,
      [&, last = footage.begin](const auto& f) mutable { return std::exchange(last, f.end) < f.start - 1s; });
  ASSERT_NE(after, footage.fragments.end());
  EXPECT_TRUE(after->key) << "whole groups of pictures are missing, no parts of them";
}

/// A recorder asks no camera what it has (ONVIF): it is told. A channel without a sub stream has none.
TEST(CameraQuirks, Quirk34_CameraWithoutSubStream) {
  config::Settings settings;
  settings.cameras.resize(2);
  settings.cameras[0].id = "a";
  settings.cameras[1].id = "b";
  settings.cameras[1].sub_url = "rtsp://192.0.2.1/2";
  std::vector<StreamKey> keys;
  for (const StreamInfo& stream : streams_of(settings)) keys.push_back(stream.key);
  EXPECT_EQ(keys, (std::vector<StreamKey>{"a.main", "b.main", "b.sub"}));
}

/// Pictures come, but of a dead sensor: the recording goes on, and people are told.
TEST(CameraQuirks, Quirk33_FrozenPictureIsFlaggedAndRecorded) {
  Recording r;
  r.start();
  ASSERT_TRUE(r.wait_until_playing());
  r.play(250, kFrame);  // each key picture is like the one before
  EXPECT_EQ(r.source->status().look, Look::frozen);
  EXPECT_EQ(r.source->status().state, StreamStatus::State::recording);
  r.stop();
  EXPECT_EQ(r.footage().pictures, 250U);
}

}  // namespace
}  // namespace mj::capture
