#include "capture/rtsp/interleaved.h"

#include <gtest/gtest.h>

#include "tests/capture/rtsp/packets.h"

namespace mj::capture::rtsp {
namespace {

using test::join;

Bytes text(std::string_view string) {
  return {as_bytes(string).begin(), as_bytes(string).end()};
}

Bytes frame(uint8_t channel, const Bytes& payload) {
  return join(
      {{'$', channel, static_cast<uint8_t>(payload.size() >> 8), static_cast<uint8_t>(payload.size())},
       payload});
}

Bytes packet(uint16_t sequence, std::size_t size = 20) {
  return test::rtp({.sequence = sequence}, Bytes(size, 0x11));
}

class Log final : public Demux::Handler {
 public:
  std::vector<std::pair<int, Bytes>> frames;
  std::vector<Message> messages;
  void on_frame(uint8_t channel, BytesView payload) override {
    frames.emplace_back(channel, Bytes(payload.begin(), payload.end()));
  }
  void on_message(Message message) override { messages.push_back(std::move(message)); }
};

/// Feeds `data` in reads of `step` bytes, keeping what was not taken, as a session does.
struct Feed {
  Demux demux;
  Log log;
  Bytes tail;
  bool failed = false;
  Feed() {
    for (const int channel : {0, 1}) demux.expect_channel(static_cast<uint8_t>(channel));
  }
  void operator()(const Bytes& data, std::size_t step = 1 << 20) {
    for (std::size_t at = 0; at < data.size() && !failed; at += step) {
      const auto part = BytesView(data).subspan(at, std::min(step, data.size() - at));
      tail.insert(tail.end(), part.begin(), part.end());
      const auto used = demux.consume(tail, log);
      failed = !used;
      if (used) tail.erase(tail.begin(), tail.begin() + static_cast<std::ptrdiff_t>(*used));
    }
  }
};

TEST(Interleaved, SplitsFramesAndMessagesFromAnySplit) {
  const Bytes data =
      join({frame(0, packet(1)), text("RTSP/1.0 200 OK\r\nCSeq: 4\r\nContent-Length: 3\r\n\r\n$$$"),
            frame(1, Bytes(8, 0x80)), frame(0, packet(2, 3000)), text("\r\n"),
            text("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n"), frame(0, {})});
  for (std::size_t step = 1; step < 200; ++step) {
    Feed feed;
    feed(data, step);
    ASSERT_EQ(feed.log.frames.size(), 4U) << step;
    EXPECT_EQ(feed.log.frames[2].second.size(), 3012U);
    ASSERT_EQ(feed.log.messages.size(), 2U);
    EXPECT_EQ(feed.log.messages[0].body, "$$$");
    EXPECT_EQ(feed.log.messages[1].method, "OPTIONS");
    EXPECT_EQ(feed.demux.garbage_bytes(), 0U);
    EXPECT_TRUE(feed.tail.empty());
  }
}

TEST(Interleaved, FindsTheNextFrameAfterGarbage) {
  const Bytes noise = text("\x01\x02$\x07$\x01\x00\x03zzzRTS\xFF");  // with dollars that are none
  for (std::size_t step = 1; step < 100; ++step) {
    Feed feed;
    feed(join({frame(0, packet(1)), noise, frame(0, packet(2)), frame(0, packet(3))}), step);
    ASSERT_EQ(feed.log.frames.size(), 3U) << step;
    EXPECT_EQ(feed.log.frames[1].second, packet(2));
    EXPECT_EQ(feed.demux.garbage_bytes(), noise.size());
  }
}

TEST(Interleaved, FindsAReplyAfterGarbage) {
  Feed feed;
  feed(join({text("ZZZZ"), text("RTSP/1.0 454 Session Not Found\r\nCSeq: 1\r\n\r\n")}));
  ASSERT_EQ(feed.log.messages.size(), 1U);
  EXPECT_EQ(feed.log.messages[0].status, 454);
}

TEST(Interleaved, RecoversFromALengthThatLies) {
  Bytes liar = frame(0, packet(2));
  liar[3] = static_cast<uint8_t>(liar[3] + 7);
  Feed feed;
  feed(join({frame(0, packet(1)), liar, frame(0, packet(3)), frame(0, packet(4)), frame(0, packet(5))}));
  ASSERT_GE(feed.log.frames.size(), 4U);
  EXPECT_EQ(feed.log.frames.back().second, packet(5));
  EXPECT_EQ(feed.log.frames[feed.log.frames.size() - 2].second, packet(4));
}

TEST(Interleaved, KeepsNoMoreThanOneFrameBack) {
  Feed feed;
  feed(Bytes{'$', 0, 0xFF, 0xFF}, 4);
  feed(Bytes(65534, 1), 1000);
  EXPECT_EQ(feed.tail.size(), kMaxInterleavedBytes - 1);
  feed(Bytes(1, 1));
  EXPECT_TRUE(feed.tail.empty());
}

TEST(Interleaved, RefusesAnEndlessMessage) {
  Feed feed;
  feed(join({text("RTSP/1.0 200 OK\r\n"), Bytes(40'000, 'a')}), 1448);
  EXPECT_TRUE(feed.failed);
}

TEST(Interleaved, SkipsNoiseWithoutKeepingIt) {
  Feed feed;
  feed(Bytes(1'000'000, 0xEE), 1448);
  EXPECT_TRUE(feed.tail.empty());
  EXPECT_EQ(feed.demux.garbage_bytes(), 1'000'000U);
}

}  // namespace
}  // namespace mj::capture::rtsp
