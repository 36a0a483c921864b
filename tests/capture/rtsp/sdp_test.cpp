#include "capture/rtsp/sdp.h"

#include <gtest/gtest.h>

#include "capture/rtsp/url.h"

namespace mj::capture::rtsp {
namespace {

TEST(Sdp, ReadsACamerasTracks) {
  const auto sdp = parse_sdp(
      "v=0\r\no=- 1 1 IN IP4 10.0.0.5\r\ns=Media\r\nt=0 0\r\na=control:*\r\n"
      "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
      "a=fmtp:96 packetization-mode=1; "
      "profile-level-id=4D4028;sprop-parameter-sets=Z01AKNkAeAIn5cBE,aOvDyyA=\r\n"
      "a=control:trackID=1\r\n"
      "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 mpeg4-generic/16000/2\r\n"
      "a=fmtp:97 streamtype=5;mode=AAC-hbr;config=1410;sizelength=13;indexlength=3;indexdeltalength=3\r\n"
      "a=control:trackID=2\r\n"
      "m=application 0 RTP/AVP 107\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\n");
  ASSERT_TRUE(sdp);
  ASSERT_EQ(sdp->tracks.size(), 3U);
  EXPECT_EQ(sdp->control, "*");
  const Track& video = sdp->tracks[0];
  EXPECT_EQ(video.codec, Codec::h264);
  EXPECT_EQ(video.clock_rate, 90000U);
  EXPECT_EQ(video.control, "trackID=1");
  ASSERT_EQ(video.parameter_sets.size(), 2U);
  EXPECT_EQ(to_hex(video.parameter_sets[1]), "68ebc3cb20");
  const Track& audio = sdp->tracks[1];
  EXPECT_EQ(audio.codec, Codec::aac);
  EXPECT_EQ(audio.clock_rate, 16000U);
  EXPECT_EQ(audio.channels, 2);
  EXPECT_EQ(to_hex(audio.aac_config), "1410");
  EXPECT_EQ(sdp->tracks[2].kind, Track::Kind::other);
}

TEST(Sdp, KnowsStaticPayloadTypesWithoutRtpmap) {
  const auto sdp = parse_sdp("m=audio 0 RTP/AVP 0\nm=audio 0 RTP/AVP 8\nm=video 0 RTP/AVP 26\n");
  ASSERT_TRUE(sdp);
  EXPECT_EQ(sdp->tracks[0].codec, Codec::pcm_mulaw);
  EXPECT_EQ(sdp->tracks[1].codec, Codec::pcm_alaw);
  EXPECT_EQ(sdp->tracks[1].clock_rate, 8000U);
  EXPECT_EQ(sdp->tracks[2].encoding, "JPEG");
}

TEST(Sdp, NamesUnknownCodecsForPeople) {
  const auto sdp = parse_sdp("m=audio 0 RTP/AVP 104\r\na=rtpmap:104 G726-16/8000\r\n");
  ASSERT_TRUE(sdp);
  EXPECT_EQ(sdp->tracks[0].codec, Codec::unknown);
  EXPECT_EQ(sdp->tracks[0].encoding, "G726-16");
}

TEST(Sdp, ReadsH265ParameterSetsInAnyOrderAndWithoutPadding) {
  const auto sdp = parse_sdp(
      "m=video 0 RTP/AVP 98\na=fmtp:98 sprop-sps=QgEBAWAAAAMAkAAAAwAAAwB4;sprop-pps=RAHBcrRiQA; "
      "sprop-vps=QAEMAf//AWA\n"
      "a=rtpmap:98 hevc/90000\n");
  ASSERT_TRUE(sdp);
  EXPECT_EQ(sdp->tracks[0].codec, Codec::h265);
  ASSERT_EQ(sdp->tracks[0].parameter_sets.size(), 3U);
  EXPECT_EQ(to_hex(sdp->tracks[0].parameter_sets[1]), "4401c172b46240");
}

TEST(Sdp, MarksTheCamerasLoudspeaker) {
  const auto sdp = parse_sdp("m=audio 0 RTP/AVP 0\na=sendonly\n");
  ASSERT_TRUE(sdp);
  EXPECT_TRUE(sdp->tracks[0].to_camera);
}

TEST(Sdp, RefusesTooManyTracksAndTooMuchText) {
  std::string text = "v=0\r\n";
  for (int i = 0; i < 9; ++i) text += "m=video 0 RTP/AVP 96\r\n";
  EXPECT_FALSE(parse_sdp(text));
  EXPECT_FALSE(parse_sdp(std::string(kMaxSdpBytes + 1, 'a')));
  EXPECT_FALSE(parse_sdp(""));
  EXPECT_FALSE(parse_sdp("v=0\r\ns=nothing\r\n"));
}

TEST(Sdp, BoundsWhatOneAttributeMayHold) {
  std::string sets = "m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=fmtp:96 sprop-parameter-sets=";
  for (int i = 0; i < 1000; ++i) sets += "Z01A,";
  const auto sdp = parse_sdp(sets);
  ASSERT_TRUE(sdp);
  EXPECT_LE(sdp->tracks[0].parameter_sets.size(), 16U);
  EXPECT_LE(decode_base64(std::string(60000, 'A')).size(), 4096U);
}

TEST(Sdp, DecodesBase64AsFarAsItGoes) {
  EXPECT_EQ(to_hex(decode_base64("aOvDyyA=")), "68ebc3cb20");
  EXPECT_EQ(to_hex(decode_base64("aOvDyyA")), "68ebc3cb20");
  EXPECT_EQ(to_hex(decode_base64("aOvD!yA=")), "68ebc3");
  EXPECT_TRUE(decode_base64("").empty());
}

Url url(const char* text) {
  return parse_url(text).value();
}

TEST(RtspUrl, ReadsHostPortAndPath) {
  EXPECT_EQ(url("rtsp://h").to_string(), "rtsp://h");
  EXPECT_EQ(url("RTSP://user:p@ss@h:8554/a?b=c").to_string(), "rtsp://h:8554/a?b=c");
  EXPECT_EQ(url("rtsps://[fe80::1]/x").to_string(), "rtsps://[fe80::1]/x");
  EXPECT_EQ(url("rtsps://[fe80::1]/x").port, 322);
  EXPECT_EQ(url("rtsp://h:554/x y").to_string(), "rtsp://h/x%20y");
  for (const char* bad :
       {"http://h/", "rtsp://", "rtsp://h:0/", "rtsp://h:99999/", "rtsp://[::1", "h/x", ""}) {
    EXPECT_FALSE(parse_url(bad)) << bad;
  }
}

TEST(RtspUrl, TakesThePathOfTheBaseAndNeverItsHost) {
  const Url asked = url("rtsp://cam:554/live?ch=1");
  EXPECT_EQ(base_url(asked, "").to_string(), "rtsp://cam/live?ch=1");
  EXPECT_EQ(base_url(asked, "rtsp://192.168.1.9:554/live/").to_string(), "rtsp://cam/live/");
  EXPECT_EQ(base_url(asked, "rtsp://evil.example/live/").to_string(), "rtsp://cam/live/");
  EXPECT_EQ(base_url(asked, "192.168.1.9:554/live/").to_string(), "rtsp://cam/live/") << "without scheme";
  EXPECT_EQ(base_url(asked, "/live/").to_string(), "rtsp://cam/live/");
}

TEST(RtspUrl, JoinsControlsAsCamerasExpect) {
  const Url base = url("rtsp://cam/live/");
  const Url query = url("rtsp://cam/cam?channel=1&subtype=0");
  EXPECT_EQ(control_url(base, "trackID=1"), "rtsp://cam/live/trackID=1");
  EXPECT_EQ(control_url(base, "/trackID=1"), "rtsp://cam/live/trackID=1");
  EXPECT_EQ(control_url(base, "*"), "rtsp://cam/live/");
  EXPECT_EQ(control_url(base, ""), "rtsp://cam/live/");
  EXPECT_EQ(control_url(base, "rtsp://10.0.0.9/live/video"), "rtsp://cam/live/video");
  EXPECT_EQ(control_url(base, "rtsp://10.0.0.9"), "rtsp://cam");
  EXPECT_EQ(control_url(query, "trackID=1"), "rtsp://cam/cam?channel=1&subtype=0/trackID=1");
  EXPECT_EQ(control_url(url("rtsp://cam/live"), "video"), "rtsp://cam/live/video");
  EXPECT_EQ(control_url(base, "a\r\nX: y"), "rtsp://cam/live/a%0D%0AX:%20y");
}

}  // namespace
}  // namespace mj::capture::rtsp
