// What cameras do to time, and to pictures that have none. Numbers: the project's list of camera quirks.

#include <gtest/gtest.h>

#include "tests/capture/rtsp/recording.h"

namespace mj::capture {
namespace {

using namespace mj::test;
using namespace std::chrono_literals;

constexpr Duration kFrame = 40ms;

TEST(CameraQuirks, Quirk01_RtpTimestampWrap) {
  Recording r;
  r.stream = CameraStream(0xFFFF'FFFFU - 50 * 3600);
  r.start();
  ASSERT_TRUE(r.wait_until_playing());
  r.play(100, kFrame);
  r.stop();
  const auto footage = r.footage();
  EXPECT_EQ(footage.pictures, 100U);
  EXPECT_EQ(footage.run_starts.size(), 1U);
  EXPECT_EQ(footage.missing, Duration{0});
  EXPECT_LT(std::chrono::abs(footage.end - footage.begin - 100 * kFrame), 50ms);
}

TEST(CameraQuirks, Quirk01_RtpTimestampJumps) {
  for (const int64_t jump : {int64_t{1'000'000'000}, int64_t{-500'000'000}, int64_t{90'000} * 3600}) {
    Recording r;
    r.start();
    ASSERT_TRUE(r.wait_until_playing());
    r.play(50, kFrame);
    r.stream.jump(jump);
    r.play(50, kFrame);
    r.stop();
    const auto footage = r.footage();
    EXPECT_EQ(footage.pictures, 100U) << jump;
    EXPECT_LE(footage.run_starts.size(), 2U);
    EXPECT_LT(std::chrono::abs(footage.end - footage.begin - 100 * kFrame), 200ms) << jump;
  }
}

TEST(CameraQuirks, Quirk02_TimestampsRestartInMidSession) {
  Recording r;
  r.stream = CameraStream(3'000'000'000U);
  r.start();
  ASSERT_TRUE(r.wait_until_playing());
  r.play(50, kFrame);
  r.stream = CameraStream(0, 3600, 200);  // the numbering too: the encoder began anew
  r.play(75, kFrame);
  r.stop();
  const auto footage = r.footage();
  EXPECT_GE(footage.pictures, 100U);
  EXPECT_LT(std::chrono::abs(footage.end - footage.begin - 125 * kFrame), 200ms);
}

TEST(CameraQuirks, Quirk02_TimestampsRestartAfterReconnect) {
  Recording r;
  r.stream = CameraStream(3'000'000'000U);
  r.start();
  ASSERT_TRUE(r.wait_until_playing());
  r.play(50, kFrame);
  r.camera.drop_all();
  r.clock.advance(1500ms);
  ASSERT_TRUE(r.wait_until_playing(2));
  r.stream = CameraStream(0);
  r.play(50, kFrame, 1);
  r.stop();
  const auto footage = r.footage();
  EXPECT_EQ(footage.pictures, 100U);
  EXPECT_EQ(footage.run_starts.size(), 2U);
  EXPECT_GT(footage.missing, 1s);
  EXPECT_EQ(r.outage_causes().front(), GapCause::camera_unreachable);
}

TEST(CameraQuirks, Quirk03_EqualAndBackwardTimes) {
  Recording r;
  r.start();
  ASSERT_TRUE(r.wait_until_playing());
  for (int i = 0; i < 100; ++i) {
    if (i % 10 == 3 || i % 10 == 4) r.stream.jump(i % 10 == 3 ? -3600 : 3600);  // the same time again
    if (i % 10 == 7 || i % 10 == 8) r.stream.jump(i % 10 == 7 ? -5400 : 5400);  // a step back
    r.play(1, kFrame, 20);
  }
  r.stop();
  const auto footage = r.footage();
  EXPECT_EQ(footage.pictures, 100U);
  EXPECT_LT(std::chrono::abs(footage.end - footage.begin - 100 * kFrame), 500ms);
}

TEST(CameraQuirks, Quirk03_SeiWithMarker) {
  Recording r;
  r.start();
  ASSERT_TRUE(r.wait_until_playing());
  const Bytes sei = from_hex("060501aa80");
  for (int i = 0; i < 50; ++i) {
    r.stream.packet(sei, true);  // a unit of its own, if one believes the marker
    r.play(1, kFrame);
  }
  r.stop();
  EXPECT_EQ(r.footage().pictures, 50U);
}

TEST(CameraQuirks, Quirk04_DeclaredRateIsNotDelivered) {
  Recording r;
  r.start();
  ASSERT_TRUE(r.wait_until_playing());
  r.play(1250, 48ms);  // ticks say 25 a second, 21 come: a minute of pictures takes 60 s, its ticks say 50
  r.stop();
  const auto footage = r.footage();
  EXPECT_EQ(footage.pictures, 1250U);
  EXPECT_LT(std::chrono::abs(footage.end - footage.begin - 60s), 500ms);
}

TEST(CameraQuirks, Quirk05_CameraClockIsOff) {
  for (const uint32_t ticks : {90'045U, 89'955U}) {  // ± 500 ppm
    Recording r;
    r.stream = CameraStream(0, ticks);
    r.start();
    ASSERT_TRUE(r.wait_until_playing());
    r.play(1200, 1s, 1);  // a picture a second, twenty minutes
    r.stop();
    const auto footage = r.footage();
    EXPECT_EQ(footage.pictures, 1200U);
    EXPECT_LT(std::chrono::abs(footage.end - footage.begin - 1200s), 500ms) << ticks;
    EXPECT_EQ(footage.missing, Duration{0});
  }
}

TEST(CameraQuirks, Quirk06_BurstOfStoredPicturesOnConnect) {
  Recording r;
  r.start();
  ASSERT_TRUE(r.wait_until_playing());
  const WallTime connected = r.clock.now();
  r.play(50, Duration{0});
  r.play(50, kFrame);
  r.stop();
  const auto footage = r.footage();
  EXPECT_EQ(footage.pictures, 100U);
  EXPECT_EQ(footage.run_starts.size(), 1U);
  EXPECT_LT(std::chrono::abs(footage.begin - (connected - 50 * kFrame)), 500ms)
      << "stored pictures are from before";
}

TEST(CameraQuirks, Quirk07_HostClockIsSet) {
  for (const Duration step : {Duration{1h}, Duration{-10s}}) {
    Recording r;
    r.start();
    ASSERT_TRUE(r.wait_until_playing());
    r.play(100, kFrame);
    r.clock.step_wall(step);
    r.play(600, kFrame);
    r.stop();
    const auto footage = r.footage();  // says so if anything overlaps
    EXPECT_GE(footage.pictures, 690U);
    EXPECT_GE(footage.run_starts.size(), 2U);
    if (step > Duration{0}) {
      EXPECT_EQ(r.outage_causes().front(), GapCause::clock_step);
      EXPECT_LT(std::chrono::abs(footage.end - r.clock.now()), 500ms);
    }
  }
}

TEST(CameraQuirks, Quirk08_SoundClockIsOnePercentOff) {
  Recording r;
  r.camera.sdp = h264_sdp() + std::string(kAlawTrack);
  r.start();
  ASSERT_TRUE(r.wait_until_playing());
  uint32_t sound = 0;
  for (int i = 0; i < 1500; ++i) {
    r.stream.audio(sound, 320);
    sound += 323;
    r.play(1, kFrame);
  }
  r.stop();
  const auto footage = r.footage();
  EXPECT_EQ(footage.pictures, 1500U);
  const Fragment& last = footage.fragments.back();
  ASSERT_GE(last.decode_times.size(), 3U) << "the last fragment has sound";
  const auto& slot = last.decode_times.back();
  ASSERT_EQ(slot.timescale, 8000U);
  const WallTime sound_at = last.run->start + from_ticks(slot.ticks, slot.timescale);
  EXPECT_LT(std::chrono::abs(sound_at - last.start), 500ms);
}

TEST(CameraQuirks, Quirk09_SenderReportsAbsentOrWrong) {
  for (const bool wrong : {false, true}) {
    Recording r;
    r.camera.on("PLAY", [&](FakeCamera::Peer& peer, const CameraRequest& request) {
      peer.reply(request, "200 OK",
                 "RTP-Info: url=rtsp://x/trackID=0;seq=0;rtptime=99999999999, url=trackID=1;seq=1\r\nRange: "
                 "npt=now-\r\n");
      r.camera.adopt(peer);
    });
    r.start();
    ASSERT_TRUE(r.wait_until_playing());
    for (int i = 0; i < 100; ++i) {
      if (wrong && i % 10 == 0) {
        // 1904, then a time of garbage
        const Bytes report = from_hex(i % 20 == 0 ? "80c8000600001234"
                                                    "08000000000000000000000000000001"
                                                    "00000001"
                                                  : "80c8000600001234"
                                                    "ffffffffffffffffffffffffffffffff"
                                                    "ffffffff");
        r.camera.push({{1, report}});
      }
      r.play(1, kFrame);
    }
    r.stop();
    const auto footage = r.footage();
    EXPECT_EQ(footage.pictures, 100U);
    EXPECT_LT(std::chrono::abs(footage.end - footage.begin - 100 * kFrame), 50ms);
  }
}

/// A sender report (RFC 3550 §6.4.1) of a camera whose clock shows `own`.
Bytes sender_report(WallTime own, uint32_t rtp_time) {
  Bytes report = from_hex("80c8000600001234");
  const uint64_t ntp = to_ntp(own);
  for (int shift = 56; shift >= 0; shift -= 8) report.push_back(static_cast<uint8_t>(ntp >> shift));
  for (int shift = 24; shift >= 0; shift -= 8) report.push_back(static_cast<uint8_t>(rtp_time >> shift));
  report.insert(report.end(), 8, 0);  // packets and octets
  return report;
}

TEST(CameraQuirks, Quirk09_SenderReportsOfAClockThatIsMinutesOff) {
  Recording r;
  r.start();
  ASSERT_TRUE(r.wait_until_playing());
  const WallTime begin = r.clock.now();
  for (uint32_t i = 0; i < 750; ++i) {
    if (i % 125 == 25) {
      r.camera.push({{1, sender_report(r.clock.now() - 7min, 90'000 + i * 3600)}});
    }
    r.play(1, kFrame);
  }
  ASSERT_TRUE(r.source->status().camera_clock);
  EXPECT_LT(std::chrono::abs(r.source->status().camera_clock->offset + 7min), 50ms);
  r.stop();
  const auto footage = r.footage();
  EXPECT_EQ(footage.pictures, 750U);
  EXPECT_LT(std::chrono::abs(footage.begin - begin), 50ms) << "the camera's clock is not wall time";
  EXPECT_EQ(footage.fragments.front().run->time_error, 500ms);
  EXPECT_EQ(footage.fragments.back().run->time_error, 100ms);
  EXPECT_EQ(footage.run_starts.size(), 2U);
  ASSERT_FALSE(r.outlet.clock_offsets().empty());
}

TEST(CameraQuirks, Quirk10_DataBeforeTheFirstKeyPicture) {
  Recording r;
  r.start();
  ASSERT_TRUE(r.wait_until_playing());
  r.stream.inter(30);
  r.send();
  r.play(25, kFrame);
  r.stop();
  const auto footage = r.footage();
  EXPECT_EQ(footage.pictures, 25U);
  EXPECT_TRUE(footage.fragments.front().key);
}

TEST(CameraQuirks, Quirk11_SmartCodecGroupsOfThirtySeconds) {
  Recording r;
  r.start();
  ASSERT_TRUE(r.wait_until_playing());
  r.play(1500, kFrame, 750);
  r.stop();
  const auto footage = r.footage();
  EXPECT_EQ(footage.pictures, 1500U);
  EXPECT_EQ(footage.run_starts.size(), 1U);
  EXPECT_LE(footage.longest_fragment, 2050ms);
  EXPECT_GE(footage.fragments.size(), 29U);
}

TEST(CameraQuirks, Quirk11_PicturesRareWhenNothingMoves) {
  Recording r;
  r.start();
  ASSERT_TRUE(r.wait_until_playing());
  r.play(50, kFrame, 1000);
  for (int i = 0; i < 30; ++i) {
    r.stream.jump(90'000 - 3600);
    r.play(1, 1s, 1000);
  }
  r.play(50, kFrame, 1000);
  r.stop();
  const auto footage = r.footage();
  EXPECT_EQ(footage.pictures, 130U);
  EXPECT_LE(footage.longest_fragment, 2050ms);
  EXPECT_LT(std::chrono::abs(footage.end - footage.begin - 34s), 1s);
}

TEST(CameraQuirks, Quirk16_BPictures) {
  Recording r;
  r.start();
  ASSERT_TRUE(r.wait_until_playing());
  const auto picture = [&](bool key, int64_t shown, int64_t now) {
    r.stream.jump((shown - now) * 3600);
    if (key) {
      r.stream.packet(stap_a({from_hex(h264::kSps360B), from_hex(h264::kPps360B)}));
      r.stream.packet(h264::slice(true, 900), true);
    } else {
      r.stream.packet(h264::slice(false, 300), true);
    }
    r.stream.jump((now - shown) * 3600 + 3600);
    r.send(kFrame);
  };
  for (int group = 0; group < 4; ++group) {
    const int64_t first = group * 25;
    picture(true, first, first);
    for (int64_t i = 0; i < 24; i += 3) {  // P B B
      picture(false, first + i + 3, first + i + 1);
      picture(false, first + i + 1, first + i + 2);
      picture(false, first + i + 2, first + i + 3);
    }
  }
  r.stop();
  const auto footage = r.footage();
  EXPECT_EQ(footage.pictures, 100U);
  EXPECT_EQ(footage.run_starts.size(), 1U);
  EXPECT_LT(std::chrono::abs(footage.end - footage.begin - 100 * kFrame), 200ms);
}

}  // namespace
}  // namespace mj::capture
