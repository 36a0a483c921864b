// The engine against a scripted camera: what is asked, in which order, and what becomes of the answers.

#include <gtest/gtest.h>

#include "capture/rtsp/backoff.h"
#include "capture/rtsp/pacer.h"
#include "tests/capture/fake_clock.h"
#include "tests/capture/rtsp/engine_run.h"

namespace mj::capture::rtsp {
namespace {

using namespace mj::test;
using Peer = FakeCamera::Peer;

std::vector<std::string> methods(const FakeCamera& camera) {
  std::vector<std::string> out;
  for (const auto& request : camera.requests()) {
    if (request.method != "RTCP") out.push_back(request.method);
  }
  return out;
}

TEST(RtspSession, PlaysACameraOverTcp) {
  EngineRun run;
  run.camera.media = CameraStream().key().inter(3).take();
  run.start();
  ASSERT_TRUE(run.sink.wait_for_pictures(4));
  EXPECT_EQ(methods(run.camera), (std::vector<std::string>{"OPTIONS", "DESCRIBE", "SETUP", "PLAY"}));
  const auto requests = run.camera.requests();
  EXPECT_EQ(requests[2].url, run.camera.url("/live/trackID=0"));
  EXPECT_EQ(requests[2].header("Transport"), "RTP/AVP/TCP;unicast;interleaved=0-1");
  EXPECT_EQ(requests[3].header("Session"), "4711");
  EXPECT_EQ(requests[0].header("User-Agent"), "Mingjing");
  const auto seen = run.sink.seen();
  EXPECT_TRUE(seen.video[0].unit.key);
  EXPECT_EQ(seen.video[3].unit.rtp_time, 90'000U + 3 * 3600);
}

TEST(RtspSession, RecordsSoundBesideThePicture) {
  EngineRun run;
  run.camera.sdp = h264_sdp() + std::string(kAlawTrack);
  run.camera.media = CameraStream().key().audio(0).inter().audio(160).take();
  run.start();
  ASSERT_TRUE(run.sink.wait([](const auto& s) { return s.video.size() == 2 && s.audio.size() == 2; }));
  EXPECT_EQ(run.sink.seen().audio_codecs, std::vector<std::string>{"PCMA"});
  EXPECT_EQ(run.sink.seen().audio[1].unit.ticks, 160U);
}

TEST(RtspSession, DoesWithoutASoundTrackTheCameraRefuses) {
  EngineRun run;
  run.camera.sdp = h264_sdp() + std::string(kAlawTrack);
  run.camera.media = CameraStream().key().take();
  run.camera.on("SETUP", [&](Peer& peer, const CameraRequest& request) {
    if (request.url.ends_with("1")) return peer.reply(request, "404 Not Found");
    run.camera.usual(peer, request);
  });
  run.start();
  ASSERT_TRUE(run.sink.wait_for_pictures(1));
  EXPECT_EQ(run.sink.seen().audio_codecs, std::vector<std::string>{""});
}

TEST(RtspSession, GoesToUdpOn461) {
  EngineRun run;
  run.camera.allow_tcp = false;
  run.camera.media = CameraStream().key().inter(5).take();
  run.start();
  ASSERT_TRUE(run.sink.wait_for_pictures(6));
  EXPECT_EQ(run.camera.count("SETUP"), 2);
}

TEST(RtspSession, UsesUdpWhenConfigured) {
  EngineRun run;
  run.udp = true;
  run.camera.sdp = h264_sdp() + std::string(kAlawTrack);
  run.camera.media = CameraStream().key().audio(0).inter(5).take();
  run.start();
  ASSERT_TRUE(run.sink.wait([](const auto& s) { return s.video.size() == 6 && s.audio.size() == 1; }));
  EXPECT_NE(run.camera.requests()[2].header("Transport").find("client_port="), std::string::npos);
}

TEST(RtspSession, GoesToTcpWhenUdpIsRefused) {
  EngineRun run;
  run.udp = true;
  run.camera.allow_udp = false;
  run.camera.media = CameraStream().key().take();
  run.start();
  EXPECT_TRUE(run.sink.wait_for_pictures(1));
}

TEST(RtspSession, GoesToTcpWhenUdpBringsNothing) {
  EngineRun run;
  run.udp = true;
  run.limits.first_frame = std::chrono::milliseconds(300);
  run.camera.media = CameraStream().key().take();
  run.camera.on("PLAY", [&](Peer& peer, const CameraRequest& request) {
    if (request.connection == 1) return peer.reply(request, "200 OK");  // a firewall has the rest
    run.camera.usual(peer, request);
  });
  run.start();
  ASSERT_TRUE(run.sink.wait_for_pictures(1));
  EXPECT_EQ(run.sink.seen().ends[0].cause, GapCause::stalled);
}

TEST(RtspSession, RefusesTransportsNobodyAgreesTo) {
  EngineRun run;
  run.camera.allow_tcp = run.camera.allow_udp = false;
  run.start();
  ASSERT_TRUE(run.sink.wait_for_ends(1));
  EXPECT_EQ(run.sink.seen().ends[0].cause, GapCause::unsupported);
}

TEST(RtspSession, SaysGoodbyeOnStop) {
  EngineRun run;
  run.camera.media = CameraStream().key().inter().take();
  run.start();
  ASSERT_TRUE(run.sink.wait_for_pictures(2));
  run.engine->stop();
  EXPECT_EQ(methods(run.camera).back(), "TEARDOWN");
  ASSERT_EQ(run.sink.seen().ends.size(), 1U);
  EXPECT_EQ(run.sink.seen().ends[0].cause, GapCause::shutdown);
}

TEST(RtspSession, StopsWhileNothingAnswers) {
  for (const char* method : {"CONNECT", "DESCRIBE", "SETUP", "PLAY"}) {
    EngineRun run;
    run.camera.on(method, [](Peer&, const CameraRequest&) {});
    if (std::string(method) == "CONNECT") run.camera.on("OPTIONS", [](Peer&, const CameraRequest&) {});
    run.start();
    ASSERT_TRUE(run.sink.wait([](const auto& s) { return s.connects == 1; }));
    run.engine->stop();
    EXPECT_EQ(run.sink.seen().ends.back().cause, GapCause::shutdown) << method;
  }
}

TEST(RtspSession, StopsBetweenTwoAttempts) {
  EngineRun run;
  run.limits.retry_first = run.limits.retry_longest = std::chrono::hours(1);
  run.camera.on("DESCRIBE", [](Peer& peer, const CameraRequest&) { peer.close(); });
  run.start();
  ASSERT_TRUE(run.sink.wait_for_ends(1));
  run.engine->stop();
}

TEST(RtspSession, ComesBackAfterTheCameraClosed) {
  EngineRun run;
  run.camera.media = CameraStream().key().take();
  run.camera.on("PLAY", [&](Peer& peer, const CameraRequest& request) {
    run.camera.usual(peer, request);
    if (request.connection < 3) peer.every(std::chrono::milliseconds(5), [&peer] { peer.close(); });
  });
  run.start();
  ASSERT_TRUE(run.sink.wait_for_pictures(3));
  const auto ends = run.sink.seen().ends;
  ASSERT_GE(ends.size(), 2U);
  EXPECT_EQ(ends[0].cause, GapCause::camera_unreachable);
  EXPECT_GT(ends[0].retry_in, Duration{0});
}

TEST(RtspSession, ComesBackAfterAGoodbye) {
  EngineRun run;
  auto packets = CameraStream().key().take();
  packets.emplace_back(1, from_hex("80c9000100001234"
                                   "81cb000100001234"));  // RR, BYE
  run.camera.media = packets;
  run.start();
  ASSERT_TRUE(run.sink.wait_for_ends(1));
  EXPECT_EQ(run.sink.seen().ends[0].detail, "the camera ended the stream");
  EXPECT_EQ(run.sink.seen().video.size(), 1U);
}

TEST(RtspSession, NamesAnAddressThatNobodyAnswers) {
  EngineRun run;
  run.start();
  run.camera.stop();
  ASSERT_TRUE(run.sink.wait([](const auto& s) {
    return !s.ends.empty() && s.ends.back().detail.find("no connection to 127.0.0.1") == 0;
  }));
  EXPECT_EQ(run.sink.seen().ends.back().cause, GapCause::camera_unreachable);
}

TEST(RtspSession, TellsStatusesApart) {
  struct Case {
    const char* status;
    GapCause cause;
  };
  for (const auto& [status, cause] :
       {Case{"404 Not Found", GapCause::unsupported}, Case{"403 Forbidden", GapCause::auth_failed},
        Case{"453 Not Enough Bandwidth", GapCause::camera_unreachable},
        Case{"503 Service Unavailable", GapCause::camera_unreachable},
        Case{"400 Bad Request", GapCause::unsupported}}) {
    EngineRun run;
    run.camera.on("DESCRIBE", [&](Peer& peer, const CameraRequest& request) { peer.reply(request, status); });
    run.start();
    ASSERT_TRUE(run.sink.wait_for_ends(1));
    EXPECT_EQ(run.sink.seen().ends[0].cause, cause) << status;
    EXPECT_NE(run.sink.seen().ends[0].detail.find(std::string(status).substr(0, 3)), std::string::npos);
  }
}

TEST(RtspSession, NamesACodecItDoesNotRecord) {
  EngineRun run;
  run.camera.sdp = "v=0\r\nm=video 0 RTP/AVP 26\r\na=control:t0\r\n";
  run.start();
  ASSERT_TRUE(run.sink.wait_for_ends(1));
  EXPECT_EQ(run.sink.seen().ends[0].detail, "the camera offers JPEG, but no H.264 or H.265 video");
}

/// A session whose time stands still until a picture has been sent and has come.
struct Lockstep {
  FakeClock clock;
  EngineRun run;
  CameraStream stream;
  std::size_t pictures = 0;

  Lockstep() {
    run.clock = &clock;
    run.camera.media = stream.key().take();
  }
  [[nodiscard]] bool begin() {
    run.start();
    return run.sink.wait_for_pictures(++pictures);
  }
  /// One picture, then time.
  [[nodiscard]] bool step(Duration duration) {
    run.camera.push(stream.inter().take());
    const bool came = run.sink.wait_for_pictures(++pictures);
    clock.advance(duration);
    return came;
  }
  [[nodiscard]] bool wait_for_requests(std::string_view method, int count) const {
    for (int i = 0; i < 2000 && run.camera.count(method) < count; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return run.camera.count(method) >= count;
  }
};

TEST(RtspSession, KeepsAliveAtHalfTheTimeoutWithoutWaiting) {
  Lockstep lockstep;
  lockstep.run.camera.on("GET_PARAMETER", [](Peer&, const CameraRequest&) {});  // never answered
  ASSERT_TRUE(lockstep.begin());
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(lockstep.step(std::chrono::seconds(5)));
  EXPECT_EQ(lockstep.run.camera.count("GET_PARAMETER"), 0);
  ASSERT_TRUE(lockstep.step(std::chrono::seconds(6)));
  ASSERT_TRUE(lockstep.wait_for_requests("GET_PARAMETER", 1));
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(lockstep.step(std::chrono::seconds(5)));
  ASSERT_TRUE(lockstep.wait_for_requests("GET_PARAMETER", 2));
  EXPECT_TRUE(lockstep.run.sink.seen().ends.empty());
}

TEST(RtspSession, ReportsReceptionEveryFiveSeconds) {
  Lockstep lockstep;
  ASSERT_TRUE(lockstep.begin());
  ASSERT_TRUE(lockstep.wait_for_requests("RTCP", 1));
  for (int i = 2; i < 4; ++i) {
    ASSERT_TRUE(lockstep.step(std::chrono::seconds(5)));
    ASSERT_TRUE(lockstep.wait_for_requests("RTCP", i));
  }
}

TEST(RtspSession, SeesAStallByTheAgeOfTheLastPicture) {
  Lockstep lockstep;
  ASSERT_TRUE(lockstep.begin());
  ASSERT_TRUE(lockstep.step(std::chrono::milliseconds(8900)));
  ASSERT_TRUE(lockstep.step(std::chrono::milliseconds(9100)));  // keep-alives go on being answered
  ASSERT_TRUE(lockstep.run.sink.wait_for_ends(1));
  EXPECT_EQ(lockstep.run.sink.seen().ends[0].cause, GapCause::stalled);
  EXPECT_TRUE(lockstep.wait_for_requests("TEARDOWN", 1));
}

TEST(RtspSession, GivesRareKeyPicturesMoreTimeTheSecondTime) {
  EngineRun run;
  run.limits.first_frame = std::chrono::milliseconds(200);
  run.camera.on("PLAY", [&](Peer& peer, const CameraRequest& request) {
    peer.reply(request, "200 OK");
    auto stream = std::make_shared<CameraStream>();
    auto sent = std::make_shared<int>(0);
    peer.every(std::chrono::milliseconds(20), [&peer, stream, sent] {
      ++*sent == 20 ? stream->key() : stream->inter();
      for (const auto& [channel, packet] : stream->take()) peer.send_frame(channel, packet);
    });
  });
  run.start();
  ASSERT_TRUE(run.sink.wait_for_pictures(1));
  const auto ends = run.sink.seen().ends;
  ASSERT_EQ(ends.size(), 1U);
  EXPECT_NE(ends[0].detail.find("none that a recording can begin with"), std::string::npos);
}

TEST(RtspEngine, PacesConnectsOfAllCameras) {
  Pacer pacer(std::chrono::milliseconds(50));
  const SteadyTime now{std::chrono::hours(1)};
  for (int i = 0; i < 40; ++i) EXPECT_EQ(pacer.turn(now), now + i * std::chrono::milliseconds(50));
  EXPECT_EQ(pacer.turn(now + std::chrono::minutes(1)), now + std::chrono::minutes(1)) << "saves nothing up";
}

TEST(RtspEngine, StaysAwayLongerEachTimeAndLongestAfterRefusedCredentials) {
  const Limits limits;
  Backoff backoff(limits, 7);
  Duration total{0};
  for (int i = 0; i < 10; ++i) {
    const Duration pause = backoff.next(GapCause::camera_unreachable);
    EXPECT_GE(pause, std::chrono::milliseconds(500));
    EXPECT_LE(pause, std::chrono::seconds(30));
    total += pause;
  }
  EXPECT_GT(total, std::chrono::seconds(90));
  EXPECT_GE(backoff.next(GapCause::auth_failed), std::chrono::minutes(1));
  EXPECT_GE(backoff.next(GapCause::auth_failed), std::chrono::minutes(2));
  for (int i = 0; i < 10; ++i) (void)backoff.next(GapCause::auth_failed);
  EXPECT_GE(backoff.next(GapCause::auth_failed), std::chrono::minutes(30));
  backoff.reset();
  EXPECT_LE(backoff.next(GapCause::stalled), std::chrono::seconds(1));
}

TEST(RtspEngine, OneDeadCameraLeavesTheOthersAlone) {
  FakeCamera good, dead;
  good.sdp = dead.sdp = h264_sdp();
  good.media = CameraStream().key().inter(10).take();
  dead.on("OPTIONS", [](Peer& peer, const CameraRequest&) { peer.flood(Bytes(4096, 'x')); });
  good.start();
  dead.start();
  SystemClock clock;
  EngineOptions options;
  options.limits = quick_limits();
  TestSink good_sink, dead_sink;
  Engine engine(clock, options);
  engine.add({"dead.main", parse_url(dead.url()).value(), "", Secret(), false}, dead_sink);
  engine.add({"good.main", parse_url(good.url()).value(), "", Secret(), false}, good_sink);
  engine.start();
  EXPECT_TRUE(good_sink.wait_for_pictures(11));
  engine.stop();
}

}  // namespace
}  // namespace mj::capture::rtsp
