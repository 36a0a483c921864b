#include "capture/rtsp/rtp.h"

#include <gtest/gtest.h>

#include "capture/rtsp/decode_times.h"
#include "capture/rtsp/reorder_buffer.h"
#include "capture/rtsp/rtcp.h"
#include "capture/rtsp/transport.h"
#include "tests/capture/rtsp/packets.h"

namespace mj::capture::rtsp {
namespace {

using test::from_hex;
using Verdict = SequenceTracker::Verdict;

TEST(Rtp, ReadsHeaderExtensionSourcesAndPadding) {
  Bytes bytes = from_hex("b2e00102000003e800001234aaaaaaaabbbbbbbbbede0001ccccccccdeadbeef000003");
  const auto packet = parse_rtp(bytes);
  ASSERT_TRUE(packet);
  EXPECT_TRUE(packet->marker);
  EXPECT_EQ(packet->payload_type, 96);
  EXPECT_EQ(packet->sequence, 0x0102);
  EXPECT_EQ(packet->timestamp, 1000U);
  EXPECT_EQ(packet->ssrc, 0x1234U);
  EXPECT_EQ(to_hex(packet->payload), "deadbeef");
}

TEST(Rtp, RefusesLengthsThatLie) {
  const Bytes whole = from_hex("b2e00102000003e800001234aaaaaaaabbbbbbbbbede0001ccccccccdeadbeef000003");
  for (std::size_t size = 0; size < 28; ++size) EXPECT_FALSE(parse_rtp(BytesView(whole).first(size))) << size;
  EXPECT_FALSE(parse_rtp(from_hex("40600102000003e800001234aa"))) << "version 1";
  EXPECT_FALSE(parse_rtp(from_hex("a0600102000003e800001234aaaaff"))) << "padding longer than the packet";
}

Verdict step(SequenceTracker& tracker, uint16_t sequence, uint32_t ssrc = 1) {
  RtpPacket packet;
  packet.sequence = sequence;
  packet.ssrc = ssrc;
  return tracker.next(packet);
}

TEST(SequenceTracker, TellsLossFromDuplicatesAndRestarts) {
  SequenceTracker tracker;
  EXPECT_EQ(step(tracker, 65534), Verdict::in_order);
  EXPECT_EQ(step(tracker, 65535), Verdict::in_order);
  EXPECT_EQ(step(tracker, 0), Verdict::in_order);
  EXPECT_EQ(tracker.extended_highest(), 0x10000U);
  EXPECT_EQ(step(tracker, 3), Verdict::after_loss);
  EXPECT_EQ(tracker.lost(), 2U);
  EXPECT_EQ(step(tracker, 3), Verdict::late);
  EXPECT_EQ(step(tracker, 65535), Verdict::late);
  EXPECT_EQ(step(tracker, 4), Verdict::in_order);
  EXPECT_EQ(step(tracker, 20000), Verdict::restarted);
  EXPECT_EQ(step(tracker, 7, 2), Verdict::restarted) << "another SSRC";
  EXPECT_EQ(step(tracker, 8, 2), Verdict::in_order);
}

TEST(SequenceTracker, FollowsACameraThatBeganToCountAnew) {
  SequenceTracker tracker;
  (void)step(tracker, 1000);
  int ignored = 0;
  for (uint16_t sequence = 500; sequence < 700 && ignored < 1000; ++sequence) {
    if (step(tracker, sequence) == Verdict::late) ++ignored;
  }
  EXPECT_LT(ignored, 100);
  EXPECT_EQ(step(tracker, 700), Verdict::in_order);
}

struct Order {
  ReorderBuffer buffer;
  std::vector<int> out;
  void push(int number) {
    const auto sequence = static_cast<uint16_t>(number);
    const Bytes bytes{static_cast<uint8_t>(sequence >> 8), static_cast<uint8_t>(sequence)};
    buffer.push(sequence, bytes, [&](BytesView due) { out.push_back(due[0] << 8 | due[1]); });
  }
};

TEST(ReorderBuffer, PutsSwappedDatagramsInOrder) {
  Order order;
  for (const int s : {65533, 65535, 65534, 1, 0, 2}) order.push(s);
  EXPECT_EQ(order.out, (std::vector<int>{65533, 65534, 65535, 0, 1, 2}));
  EXPECT_EQ(order.buffer.held(), 0U);
}

TEST(ReorderBuffer, GivesUpWaitingForALostOne) {
  Order order;
  order.push(0);
  for (int s = 2; s < 60; ++s) order.push(s);
  ASSERT_FALSE(order.out.empty());
  EXPECT_EQ(order.out.back(), 59);
  EXPECT_EQ(order.out.size(), 59U);
  EXPECT_LE(order.buffer.held(), ReorderBuffer::kMostHeld);
}

TEST(ReorderBuffer, FollowsARestart) {
  Order order;
  for (const int s : {10, 12, 5000, 5001}) order.push(s);
  EXPECT_EQ(order.out, (std::vector<int>{10, 12, 5000, 5001}));
}

TEST(Rtcp, ReadsASenderReportInACompoundPacket) {
  // SR of SSRC 1: 2026-11-22 00:00:00.5 UTC = NTP 4004294400 + 0.5, RTP time 90000; then SDES, then BYE.
  const uint32_t seconds = 4'004'294'400U;
  Bytes bytes{0x80, 200, 0, 6, 0, 0, 0, 1};
  for (const uint32_t word : {seconds, 0x8000'0000U, 90000U, 10U, 1000U}) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<uint8_t>(word >> shift));
  }
  const Bytes rest = from_hex(
      "81ca00020000000101016100"
      "81cb000100000001");
  bytes.insert(bytes.end(), rest.begin(), rest.end());
  const RtcpNews news = parse_rtcp(bytes);
  ASSERT_TRUE(news.report);
  EXPECT_EQ(format_rfc3339(news.report->wall), "2026-11-22T00:00:00.500000Z");
  EXPECT_EQ(news.report->rtp_time, 90000U);
  EXPECT_TRUE(news.goodbye);
}

TEST(Rtcp, DistrustsAClockThatWasNeverSet) {
  Bytes bytes(28);
  bytes[0] = 0x80;
  bytes[1] = 200;
  bytes[3] = 6;
  EXPECT_FALSE(parse_rtcp(bytes).report) << "1900";
  bytes[8] = 0x83;
  bytes[9] = 0xAA;
  bytes[10] = 0x7E;
  bytes[11] = 0x90;
  EXPECT_FALSE(parse_rtcp(bytes).report) << "1970";
}

TEST(Rtcp, KnowsTheSecondEra) {
  Bytes bytes(28);
  bytes[0] = 0x80;
  bytes[1] = 200;
  bytes[3] = 6;
  bytes[8] = 0x01;
  const auto news = parse_rtcp(bytes);
  ASSERT_TRUE(news.report);
  EXPECT_EQ(format_rfc3339(news.report->wall).substr(0, 4), "2036");
}

TEST(Rtcp, SaysNothingAboutWhatDoesNotParse) {
  for (const char* hex : {"", "80", "80c80006", "00c8000600000000", "80c8ffff00000000"}) {
    const RtcpNews news = parse_rtcp(from_hex(hex));
    EXPECT_FALSE(news.report || news.goodbye) << hex;
  }
}

TEST(Rtcp, WritesAReportThatItselfParses) {
  ReceptionFacts facts;
  facts.ssrc = 0xABCD;
  facts.received = 75;
  facts.lost = 25;
  facts.extended_highest = 0x10005;
  facts.last_report = 7;
  facts.since_report = std::chrono::milliseconds(1500);
  const Bytes bytes = write_receiver_report(1, facts);
  ASSERT_EQ(bytes.size(), 52U);
  EXPECT_EQ(bytes[1], 201);
  EXPECT_EQ(read_u32(&bytes[8]), 0xABCDU);
  EXPECT_EQ(bytes[12], 64) << "a quarter lost";
  EXPECT_EQ(read_u32(&bytes[16]), 0x10005U);
  EXPECT_EQ(read_u32(&bytes[28]), 98304U) << "1.5 s in 1/65536 s";
  EXPECT_EQ(bytes[33], 202);
  EXPECT_FALSE(parse_rtcp(bytes).goodbye);
}

TEST(Transport, ReadsWhatCamerasWrite) {
  auto reply = parse_transport("RTP/AVP/TCP;unicast;interleaved=2-3;ssrc= 1A2B");
  ASSERT_TRUE(reply.interleaved);
  EXPECT_EQ(reply.interleaved->media, 2);
  reply = parse_transport("RTP/AVP;unicast;client_port=5000-5001; server_port=6970-6971;source=1.2.3.4");
  ASSERT_TRUE(reply.server_port);
  EXPECT_EQ(reply.server_port->control, 6971);
  reply = parse_transport("RTP/AVP/TCP;interleaved=4");
  ASSERT_TRUE(reply.interleaved);
  EXPECT_EQ(reply.interleaved->control, 5);
  EXPECT_FALSE(parse_transport("RTP/AVP/TCP;interleaved=255-256").interleaved);
  EXPECT_FALSE(parse_transport("").interleaved);
}

TEST(DecodeTimes, EqualPresentationTimesWithoutBPictures) {
  DecodeTimes times;
  times.configure(0, 3600);
  for (const int64_t t : {100, 3700, 7300}) EXPECT_EQ(times.next(t), t);
}

TEST(DecodeTimes, RunAheadOfPresentationByTheDepth) {
  DecodeTimes times;
  times.configure(2, 10);
  // I P B B P B B in decoding order.
  std::vector<int64_t> decode;
  for (const int64_t shown : {0, 30, 20, 10, 60, 50, 40}) decode.push_back(times.next(shown));
  for (std::size_t i = 1; i < decode.size(); ++i) EXPECT_GT(decode[i], decode[i - 1]);
  const std::vector<int64_t> shown{0, 30, 20, 10, 60, 50, 40};
  for (std::size_t i = 0; i < decode.size(); ++i) EXPECT_LE(decode[i], shown[i]);
}

TEST(DecodeTimes, AlwaysRiseEvenWhenPresentationDoesNot) {
  DecodeTimes times;
  times.configure(0, 3600);
  int64_t last = times.next(1000);
  for (const int64_t t : {1000, 1000, 900, 4600, 4600, 2000, 8200}) {
    const int64_t next = times.next(t);
    EXPECT_GT(next, last);
    last = next;
  }
}

}  // namespace
}  // namespace mj::capture::rtsp
