// What cameras do to RTSP. Numbers: the project's list of camera quirks.

#include <gtest/gtest.h>

#include "capture/rtsp/auth.h"
#include "tests/capture/fake_clock.h"
#include "tests/capture/rtsp/engine_run.h"

namespace mj::capture::rtsp {
namespace {

using namespace mj::test;
using namespace std::chrono_literals;
using Peer = FakeCamera::Peer;

/// Waits for a request the engine makes by itself. Moves the clock, with pictures, if there is one.
bool comes(const FakeCamera& camera, std::string_view method, int count = 1) {
  for (int i = 0; i < 4000 && camera.count(method) < count; ++i) std::this_thread::sleep_for(5ms);
  return camera.count(method) >= count;
}

/// Lets time pass while pictures come.
struct Playing {
  FakeClock clock;
  EngineRun run;
  CameraStream stream;
  Playing() {
    run.clock = &clock;
    run.camera.media = stream.key().take();
  }
  void pass(int seconds) {
    for (int i = 0; i < seconds; ++i) {
      run.camera.push(stream.inter().take());
      ASSERT_TRUE(run.camera.all_read());
      clock.advance(1s);
    }
  }
};

TEST(CameraQuirks, Quirk19_GetParameterRejected) {
  for (const char* status :
       {"451 Parameter Not Understood", "501 Not Implemented", "405 Method Not Allowed"}) {
    Playing p;
    p.run.camera.on("GET_PARAMETER", [&](Peer& peer, const CameraRequest& r) { peer.reply(r, status); });
    p.run.start();
    ASSERT_TRUE(p.run.sink.wait_for_pictures(1));
    p.pass(31);
    ASSERT_TRUE(comes(p.run.camera, "GET_PARAMETER"));
    p.pass(31);
    ASSERT_TRUE(comes(p.run.camera, "OPTIONS", 2)) << status;
    EXPECT_EQ(p.run.camera.count("GET_PARAMETER"), 1);
    EXPECT_TRUE(p.run.sink.seen().ends.empty());
  }
}

TEST(CameraQuirks, Quirk19_GetParameterNotOffered) {
  Playing p;
  p.run.camera.on("OPTIONS", [](Peer& peer, const CameraRequest& r) {
    peer.reply(r, "200 OK", "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n");
  });
  p.run.start();
  ASSERT_TRUE(p.run.sink.wait_for_pictures(1));
  p.pass(31);
  ASSERT_TRUE(comes(p.run.camera, "OPTIONS", 2));
  EXPECT_EQ(p.run.camera.count("GET_PARAMETER"), 0);
}

TEST(CameraQuirks, Quirk19_ShortTimeoutAndReceiverReports) {
  Playing p;
  p.run.camera.session = "abc;timeout=10";
  p.run.start();
  ASSERT_TRUE(p.run.sink.wait_for_pictures(1));
  ASSERT_TRUE(comes(p.run.camera, "RTCP", 1));
  for (int i = 1; i <= 3; ++i) {
    p.pass(5);
    EXPECT_TRUE(comes(p.run.camera, "GET_PARAMETER", i)) << "every five seconds";
    EXPECT_TRUE(comes(p.run.camera, "RTCP", 1 + i));
  }
}

TEST(CameraQuirks, Quirk19_SessionForgottenByTheCamera) {
  Playing p;
  p.run.camera.on("GET_PARAMETER",
                  [](Peer& peer, const CameraRequest& r) { peer.reply(r, "454 Session Not Found"); });
  p.run.start();
  ASSERT_TRUE(p.run.sink.wait_for_pictures(1));
  p.pass(31);
  ASSERT_TRUE(p.run.sink.wait_for_ends(1));
  EXPECT_EQ(p.run.sink.seen().ends[0].detail, "the camera has forgotten the session");
}

TEST(CameraQuirks, Quirk20_StaleSessionHoldsTheOnlyPlace) {
  for (const char* status : {"453 Not Enough Bandwidth", "503 Service Unavailable"}) {
    EngineRun run;
    run.camera.media = CameraStream().key().take();
    run.camera.on("SETUP", [&](Peer& peer, const CameraRequest& r) {
      if (r.connection < 4) return peer.reply(r, status);
      run.camera.usual(peer, r);
    });
    run.start();
    ASSERT_TRUE(run.sink.wait_for_pictures(1));
    EXPECT_EQ(run.sink.seen().ends.size(), 3U);
    EXPECT_NE(run.sink.seen().ends[0].detail.find("no connection left"), std::string::npos);
  }
}

TEST(CameraQuirks, Quirk21_TeardownIsNeverAnswered) {
  EngineRun run;
  run.limits.farewell = 100ms;
  run.camera.media = CameraStream().key().take();
  run.camera.on("TEARDOWN", [](Peer&, const CameraRequest&) {});
  run.start();
  ASSERT_TRUE(run.sink.wait_for_pictures(1));
  run.engine->stop();
  EXPECT_EQ(run.camera.count("TEARDOWN"), 1);
  EXPECT_EQ(run.sink.seen().ends.back().cause, GapCause::shutdown);
}

TEST(CameraQuirks, Quirk22_SessionIdChanges) {
  Playing p;
  p.run.camera.on("PLAY", [&](Peer& peer, const CameraRequest& r) {
    p.run.camera.session = "  second  ; timeout = 60";
    p.run.camera.usual(peer, r);
  });
  p.run.start();
  ASSERT_TRUE(p.run.sink.wait_for_pictures(1));
  p.pass(31);
  ASSERT_TRUE(comes(p.run.camera, "GET_PARAMETER"));
  for (const auto& request : p.run.camera.requests()) {
    if (request.method == "GET_PARAMETER") EXPECT_EQ(request.header("Session"), "second");
  }
}

TEST(CameraQuirks, Quirk22_OddDescriptions) {
  struct Case {
    std::string headers, sdp, setup_path;
  };
  const std::string track = "m=video 0 RTP/AVP 96 \r\na=rtpmap:96 H264/90000 \r\na=control:trackID=0 \r\n";
  for (const auto& [headers, sdp, setup_path] :
       {Case{"Content-Base: 192.168.1.9:554/inner/\r\n", h264_sdp(), "/inner/trackID=0"},
        Case{"Content-Base: /inner/\r\n", h264_sdp(), "/inner/trackID=0"},
        Case{"Content-Base:  rtsp://10.1.1.1/inner  \r\n", h264_sdp(), "/inner/trackID=0"},
        Case{"", "v=0 \r\ns= \r\n" + track, "/live/trackID=0"},
        Case{"Content-Type: text/plain\r\n", track, "/live/trackID=0"},
        Case{"Content-Location: rtsp://x/live/\r\n", "\r\n\r\n" + track, "/live/trackID=0"}}) {
    EngineRun run;
    run.camera.describe_headers = headers;
    run.camera.sdp = sdp;
    run.camera.media = CameraStream().key().take();
    run.start();
    ASSERT_TRUE(run.sink.wait_for_pictures(1)) << headers;
    EXPECT_EQ(run.camera.requests()[2].url, run.camera.url(setup_path)) << headers;
  }
}

TEST(CameraQuirks, Quirk22_OddTransportHeaders) {
  for (const char* transport :
       {"RTP/AVP/TCP;unicast;interleaved=0-1;ssrc= 1234 5678;mode=\"play\"",
        "RTP/AVP/TCP; unicast; interleaved = 0 - 1", "RTP/AVP/TCP;unicast;interleaved=0"}) {
    EngineRun run;
    run.camera.media = CameraStream().key().take();
    run.camera.on("SETUP", [&](Peer& peer, const CameraRequest& r) {
      peer.reply(r, "200 OK", fmt::format("Session:4711\r\nTransport: {}\r\n", transport));
    });
    run.start();
    EXPECT_TRUE(run.sink.wait_for_pictures(1)) << transport;
  }
}

/// The same packets on other channels.
std::vector<std::pair<uint8_t, Bytes>> moved(std::vector<std::pair<uint8_t, Bytes>> packets, int by) {
  for (auto& [channel, packet] : packets) channel = static_cast<uint8_t>(channel + by);
  return packets;
}

TEST(CameraQuirks, Quirk23_OtherChannelsThanAskedFor) {
  for (const bool told : {true, false}) {
    EngineRun run;
    run.camera.media = moved(CameraStream().key().inter(3).take(), 6);
    run.camera.on("SETUP", [&](Peer& peer, const CameraRequest& r) {
      peer.reply(r, "200 OK",
                 std::string("Session: 1\r\nTransport: RTP/AVP/TCP;unicast") +
                     (told ? ";interleaved=6-7\r\n" : "\r\n"));
    });
    run.start();
    EXPECT_TRUE(run.sink.wait_for_pictures(4)) << (told ? "told" : "not told");
  }
}

TEST(CameraQuirks, Quirk23_BothTracksOnTheSameChannels) {
  EngineRun run;
  run.camera.sdp = h264_sdp() + std::string(kAlawTrack);
  auto packets = CameraStream().key().audio(0).inter().audio(160).take();
  for (auto& [channel, packet] : packets) channel = 0;
  run.camera.media = packets;
  run.camera.on("SETUP", [&](Peer& peer, const CameraRequest& r) {
    peer.reply(r, "200 OK", "Session: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n");
  });
  run.start();
  EXPECT_TRUE(run.sink.wait([](const auto& s) { return s.video.size() == 2 && s.audio.size() == 2; }));
}

TEST(CameraQuirks, Quirk23_GarbageBetweenFrames) {
  EngineRun run;
  run.camera.on("PLAY", [&](Peer& peer, const CameraRequest& r) {
    peer.reply(r, "200 OK");
    uint8_t noise = 0;
    for (const auto& [channel, packet] : CameraStream().key().inter(20).take()) {
      peer.send(Bytes(7, noise++));
      peer.send_frame(channel, packet);
    }
  });
  run.start();
  ASSERT_TRUE(run.sink.wait_for_pictures(21));
  for (const auto& [unit, bytes] : run.sink.seen().video) EXPECT_FALSE(unit.after_gap);
}

TEST(CameraQuirks, Quirk23_DatagramProfileAnsweredForTcp) {
  EngineRun run;
  run.camera.media = CameraStream().key().take();
  run.camera.on("SETUP", [&](Peer& peer, const CameraRequest& r) {
    peer.reply(r, "200 OK",
               "Session: 1\r\nTransport: RTP/AVP;unicast;client_port=0-1;server_port=7000-7001\r\n");
  });
  run.start();
  EXPECT_TRUE(run.sink.wait_for_pictures(1));
}

TEST(CameraQuirks, Quirk23_MediaBeforeTheAnswerToPlay) {
  EngineRun run;
  run.camera.on("PLAY", [&](Peer& peer, const CameraRequest& r) {
    for (const auto& [channel, packet] : CameraStream().key().inter(5).take())
      peer.send_frame(channel, packet);
    peer.reply(r, "200 OK");
  });
  run.start();
  EXPECT_TRUE(run.sink.wait_for_pictures(6));
}

TEST(CameraQuirks, Quirk24_DescribeComesBeforeSetupAndEveryRequestHasAUserAgent) {
  Playing p;
  p.run.start();
  ASSERT_TRUE(p.run.sink.wait_for_pictures(1));
  p.pass(31);
  ASSERT_TRUE(comes(p.run.camera, "GET_PARAMETER"));
  p.run.engine->stop();
  bool described = false;
  for (const auto& request : p.run.camera.requests()) {
    if (request.method == "RTCP") continue;
    EXPECT_EQ(request.header("User-Agent"), "Mingjing") << request.method;
    described = described || request.method == "DESCRIBE";
    if (request.method == "SETUP") EXPECT_TRUE(described);
  }
}

TEST(CameraQuirks, Quirk24_RedirectToTheSameHostIsFollowed) {
  EngineRun run;
  run.user = "admin";
  run.password = "pw";
  run.camera.media = CameraStream().key().take();
  run.camera.on("DESCRIBE", [&](Peer& peer, const CameraRequest& r) {
    if (r.url.ends_with("/live")) {
      return peer.reply(r, "302 Moved", fmt::format("Location: {}\r\n", run.camera.url("/new")));
    }
    run.camera.usual(peer, r);
  });
  run.start();
  ASSERT_TRUE(run.sink.wait_for_pictures(1));
  EXPECT_EQ(run.camera.connections(), 2);
}

TEST(CameraQuirks, Quirk24_RedirectsElsewhereAreRefused) {
  FakeCamera thief;
  thief.start();
  for (const std::string& target :
       {fmt::format("rtsp://localhost:{}/x", thief.port()),
        fmt::format("http://127.0.0.1:{}/x", thief.port()), std::string("file:///etc/passwd"),
        std::string(""), std::string("rtsp://127.0.0.1.evil.example/x")}) {
    EngineRun run;
    run.user = "admin";
    run.password = "pw";
    run.camera.on("DESCRIBE", [&](Peer& peer, const CameraRequest& r) {
      peer.reply(r, "301 Moved", "Location: " + target + "\r\n");
    });
    run.start();
    ASSERT_TRUE(run.sink.wait_for_ends(1));
    EXPECT_EQ(run.sink.seen().ends[0].cause, GapCause::unsupported) << target;
  }
  EXPECT_EQ(thief.connections(), 0);
}

TEST(CameraQuirks, Quirk24_EndlessRedirectsEnd) {
  EngineRun run;
  run.limits.retry_first = run.limits.retry_longest = std::chrono::hours(1);
  run.camera.on("DESCRIBE", [&](Peer& peer, const CameraRequest& r) {
    peer.reply(r, "302 Moved", fmt::format("Location: {}\r\n", run.camera.url("/live")));
  });
  run.start();
  ASSERT_TRUE(run.sink.wait_for_ends(1));
  EXPECT_LE(run.camera.connections(), 4);
}

/// A camera that wants digest credentials for everything but OPTIONS.
void demand_digest(EngineRun& run, const std::string& challenge, const std::string& user,
                   const std::string& password) {
  for (const char* method : {"DESCRIBE", "SETUP", "PLAY", "GET_PARAMETER"}) {
    run.camera.on(method, [&run, challenge, user, password](Peer& peer, const CameraRequest& r) {
      Message refusal;
      refusal.headers.push_back({"WWW-Authenticate", challenge});
      const auto expected = strongest_challenge(refusal);
      const std::string given = r.header("Authorization");
      const auto value = [&](const std::string& name) {
        const auto at = given.find(name + "=\"");
        if (at == std::string::npos) return std::string();
        const auto begin = at + name.size() + 2;
        return given.substr(begin, given.find('"', begin) - begin);
      };
      const auto count = given.find("nc=");
      const unsigned nc = count == std::string::npos
                              ? 0
                              : static_cast<unsigned>(std::stoul(given.substr(count + 3, 8), nullptr, 16));
      const std::string cnonce = value("cnonce");
      const std::string right = digest_response(*expected, {user, password, r.method, r.url, cnonce, nc});
      if (given.empty() || value("response") != right) {
        return peer.reply(r, "401 Unauthorized", "WWW-Authenticate: " + challenge + "\r\n");
      }
      run.camera.usual(peer, r);
    });
  }
}

TEST(CameraQuirks, Quirk25_DigestWithMd5AndWithSha256) {
  for (const char* algorithm : {"", ", algorithm=MD5", ", algorithm=\"SHA-256\", qop=\"auth\""}) {
    for (const char* password : {"secret", "p@ss:w/ord #%\"\\&中文"}) {
      EngineRun run;
      run.user = "admin";
      run.password = password;
      run.camera.media = CameraStream().key().take();
      demand_digest(run, std::string("Digest realm=\"IP Camera\", nonce=\"8d1f\"") + algorithm, "admin",
                    password);
      run.start();
      ASSERT_TRUE(run.sink.wait_for_pictures(1)) << algorithm << " " << password;
      EXPECT_EQ(run.camera.count("DESCRIBE"), 2) << "asked once, then answered";
      EXPECT_EQ(run.camera.count("SETUP"), 1);
      EXPECT_EQ(run.camera.requests()[0].header("Authorization"), "") << "nothing is sent unasked";
    }
  }
}

TEST(CameraQuirks, Quirk25_NonceExpiresInMidSession) {
  Playing p;
  p.run.user = "admin";
  p.run.password = "pw";
  std::atomic<int> refusals{0};
  const auto challenge = [](const char* nonce) {
    return fmt::format("WWW-Authenticate: Digest realm=\"r\", nonce=\"{}\", stale=true\r\n", nonce);
  };
  p.run.camera.on("DESCRIBE", [&](Peer& peer, const CameraRequest& r) {
    if (r.header("Authorization").empty()) return peer.reply(r, "401 Unauthorized", challenge("one"));
    p.run.camera.usual(peer, r);
  });
  p.run.camera.on("GET_PARAMETER", [&](Peer& peer, const CameraRequest& r) {
    if (r.header("Authorization").find("two") == std::string::npos) {
      ++refusals;
      return peer.reply(r, "401 Unauthorized", challenge("two"));
    }
    peer.reply(r, "200 OK");
  });
  p.run.start();
  ASSERT_TRUE(p.run.sink.wait_for_pictures(1));
  for (int i = 1; i <= 3; ++i) {
    p.pass(31);
    ASSERT_TRUE(comes(p.run.camera, "GET_PARAMETER", i));
    ASSERT_TRUE(p.run.camera.all_read());
  }
  EXPECT_EQ(refusals, 1);
  EXPECT_TRUE(p.run.sink.seen().ends.empty());
}

TEST(CameraQuirks, Quirk25_CredentialsAppearInNoSentence) {
  EngineRun run;
  run.user = "admin";
  run.password = "marker-password";
  demand_digest(run, "Digest realm=\"r\", nonce=\"n\"", "admin", "another");
  run.start();
  ASSERT_TRUE(run.sink.wait_for_ends(1));
  EXPECT_EQ(run.sink.seen().ends[0].detail, "the camera refuses the user name or password");
}

TEST(CameraQuirks, Quirk26_WrongPasswordIsTriedOnceAMinuteAtMost) {
  EngineRun run;
  run.user = "admin";
  run.password = "wrong";
  demand_digest(run, "Digest realm=\"r\", nonce=\"n\"", "admin", "right");
  run.start();
  ASSERT_TRUE(run.sink.wait_for_ends(1));
  EXPECT_EQ(run.sink.seen().ends[0].cause, GapCause::auth_failed);
  EXPECT_GE(run.sink.seen().ends[0].retry_in, 60s);
  int with_credentials = 0;
  for (const auto& request : run.camera.requests()) {
    if (!request.header("Authorization").empty()) ++with_credentials;
  }
  EXPECT_EQ(with_credentials, 1) << "cameras count these, and lock the account";
}

TEST(CameraQuirks, Quirk27_OneConnectionPerStream) {
  Playing p;
  p.run.start();
  ASSERT_TRUE(p.run.sink.wait_for_pictures(1));
  p.pass(60);
  EXPECT_EQ(p.run.camera.connections(), 1);
  EXPECT_EQ(p.run.camera.count("PLAY"), 1);
}

TEST(CameraQuirks, Quirk28_DatagramsLargeSwappedDoubledAndLost) {
  EngineRun run;
  run.udp = true;
  CameraStream stream;
  stream.key();
  Bytes large = h264::slice(false, 10'000);
  stream.packet(large, true).next_picture().inter(20);
  auto packets = stream.take();
  std::swap(packets[8], packets[9]);
  packets.insert(packets.begin() + 12, packets[11]);
  run.camera.media = packets;
  run.start();
  ASSERT_TRUE(run.sink.wait_for_pictures(22));
  const auto seen = run.sink.seen();
  EXPECT_EQ(seen.video[1].unit.bytes, large.size() + 4);
  for (const auto& [unit, bytes] : seen.video) EXPECT_FALSE(unit.after_gap);
}

TEST(CameraQuirks, Quirk29_PacketsButNoKeyPicture) {
  EngineRun run;
  run.limits.first_frame = 300ms;
  run.camera.media = CameraStream().inter(50).take();
  run.start();
  ASSERT_TRUE(run.sink.wait_for_ends(1));
  EXPECT_EQ(run.sink.seen().ends[0].cause, GapCause::stalled);
}

TEST(CameraQuirks, Quirk29_PlayAcceptedAndNothingSent) {
  EngineRun run;
  run.limits.first_frame = 300ms;
  run.start();
  ASSERT_TRUE(run.sink.wait_for_ends(1));
  EXPECT_EQ(run.sink.seen().ends[0].cause, GapCause::stalled);
  EXPECT_NE(run.sink.seen().ends[0].detail.find("sent no picture"), std::string::npos);
}

TEST(CameraQuirks, Quirk30_AllCamerasBehindOneSwitchComeBack) {
  FakeCamera hall;
  hall.sdp = h264_sdp();
  hall.media = CameraStream().key().take();
  hall.start();
  SystemClock clock;
  EngineOptions options;
  options.threads = 2;
  options.limits = quick_limits();
  std::vector<std::unique_ptr<TestSink>> sinks;
  Engine engine(clock, options);
  for (int i = 0; i < 40; ++i) {
    sinks.push_back(std::make_unique<TestSink>());
    engine.add({fmt::format("cam{}.main", i), parse_url(hall.url(fmt::format("/cam{}", i))).value(), "",
                Secret(), false},
               *sinks.back());
  }
  engine.start();
  for (const auto& sink : sinks) ASSERT_TRUE(sink->wait_for_pictures(1));
  hall.drop_all();
  for (const auto& sink : sinks) ASSERT_TRUE(sink->wait_for_pictures(2));
  engine.stop();
}

TEST(CameraQuirks, Quirk31_ConnectedAndSilentForEver) {
  EngineRun run;
  run.limits.first_frame = 300ms;
  run.camera.on("OPTIONS", [](Peer&, const CameraRequest&) {});
  run.start();
  ASSERT_TRUE(run.sink.wait_for_ends(2));
  EXPECT_EQ(run.sink.seen().ends[0].detail, "the camera did not answer OPTIONS within 1 s");
}

}  // namespace
}  // namespace mj::capture::rtsp
