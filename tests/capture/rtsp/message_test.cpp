#include "capture/rtsp/message.h"

#include <gtest/gtest.h>

namespace mj::capture::rtsp {
namespace {

/// What a reader makes of `text` fed in pieces of `step` bytes.
MessageReader read(std::string_view text, std::size_t step = 1 << 20) {
  MessageReader reader;
  for (std::size_t at = 0; at < text.size() && !reader.complete() && !reader.failed(); at += step) {
    reader.feed(as_bytes(text.substr(at, step)));
  }
  return reader;
}

constexpr std::string_view kDescribe =
    "RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Base: rtsp://h/x/\r\nContent-Type: application/sdp\r\n"
    "Content-Length: 5\r\n\r\nv=0\r\n";

TEST(RtspMessage, ReadsAReplyWithItsBody) {
  auto reader = read(kDescribe);
  ASSERT_TRUE(reader.complete());
  const Message message = reader.take();
  EXPECT_EQ(message.status, 200);
  EXPECT_EQ(message.reason, "OK");
  EXPECT_EQ(message.cseq(), 2U);
  EXPECT_EQ(message.header("content-base"), "rtsp://h/x/");
  EXPECT_EQ(message.body, "v=0\r\n");
  EXPECT_FALSE(reader.busy());
}

TEST(RtspMessage, ReadsTheSameFromAnySplit) {
  for (std::size_t step = 1; step < kDescribe.size(); ++step) {
    auto reader = read(kDescribe, step);
    ASSERT_TRUE(reader.complete()) << step;
    EXPECT_EQ(reader.take().body, "v=0\r\n") << step;
  }
}

TEST(RtspMessage, TakesNoByteOfWhatFollows) {
  const std::string text = std::string(kDescribe) + "$\x01";
  MessageReader reader;
  EXPECT_EQ(reader.feed(as_bytes(text)), kDescribe.size());
}

TEST(RtspMessage, BearsBareLineFeedsBlanksAndMissingReason) {
  auto reader = read("\r\nRTSP/1.0  200\nCSeq :7 \n SessIon:  abc ;timeout=60 \nno colon here\n\n");
  ASSERT_TRUE(reader.complete());
  const Message message = reader.take();
  EXPECT_EQ(message.status, 200);
  EXPECT_EQ(message.cseq(), 7U);
  EXPECT_EQ(message.header("Session"), "abc ;timeout=60");
}

TEST(RtspMessage, ReadsARequestOfTheCamera) {
  auto reader = read("SET_PARAMETER rtsp://h/x RTSP/1.0\r\nCSeq: 9\r\n\r\n");
  ASSERT_TRUE(reader.complete());
  const Message message = reader.take();
  EXPECT_EQ(message.status, 0);
  EXPECT_EQ(message.method, "SET_PARAMETER");
  EXPECT_EQ(message.url, "rtsp://h/x");
}

TEST(RtspMessage, RefusesAHeaderBeyond16KiB) {
  std::string text = "RTSP/1.0 200 OK\r\n";
  while (text.size() < 20'000) text += "X-A: " + std::string(1000, 'a') + "\r\n";
  EXPECT_TRUE(read(text, 100).failed());
  EXPECT_TRUE(read("RTSP/1.0 200 " + std::string(20'000, 'x'), 64).failed()) << "also as one endless line";
}

TEST(RtspMessage, RefusesMoreThan64HeaderLines) {
  std::string text = "RTSP/1.0 200 OK\r\n";
  for (int i = 0; i < 65; ++i) text += "A:b\r\n";
  EXPECT_TRUE(read(text).failed());
}

TEST(RtspMessage, RefusesABodyBeforeItIsStored) {
  const auto reader = read("RTSP/1.0 200 OK\r\nContent-Length: 2000000000\r\n\r\n");
  EXPECT_TRUE(reader.failed());
  EXPECT_NE(reader.problem().find("64 KiB"), std::string::npos);
  EXPECT_TRUE(read("RTSP/1.0 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n").failed());
  EXPECT_TRUE(read("RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n").failed());
}

TEST(RtspMessage, RefusesWhatHasNoStatus) {
  EXPECT_TRUE(read("RTSP/1.0 OK 200\r\n\r\n").failed());
  EXPECT_TRUE(read("RTSP/1.0 7\r\n\r\n").failed());
}

TEST(RtspMessage, WritesRequestsThatCannotBeForged) {
  const std::string text =
      write_request("PLAY", "rtsp://h/x", 3, {{"Session", "abc\r\nX-Evil: 1"}, {"Range", "npt=0.000-"}});
  EXPECT_EQ(text,
            "PLAY rtsp://h/x RTSP/1.0\r\nCSeq: 3\r\nUser-Agent: Mingjing\r\nSession: abcX-Evil: 1\r\n"
            "Range: npt=0.000-\r\n\r\n");
}

}  // namespace
}  // namespace mj::capture::rtsp
