#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "server/digests.h"
#include "tests/server/hall.h"

namespace mj::server {
namespace {

using testing::HasSubstr;

class Footage : public testing::Test {
 protected:
  void SetUp() override { hall_.sign_in(); }
  std::string stream(const std::string& rest) const { return "/api/v1/streams/cam-w1.main/" + rest; }
  std::string interval() const {
    return "from=" + std::to_string(to_us(begin_)) + "&to=" + std::to_string(to_us(begin_) + 10'000'000);
  }
  std::string segment() const { return stream("segments/" + std::to_string(to_us(begin_))); }

  test::Hall hall_;
  const WallTime begin_ = hall_.clock.now() - std::chrono::seconds(30);
};

TEST_F(Footage, IndexInitAndBytesFitTogether) {
  hall_.record(begin_, 3, false);
  const test::Answer index = hall_.get(stream("index?" + interval()));
  ASSERT_EQ(index.status, 200) << index.body;
  EXPECT_EQ(index.header("Content-Type"), "application/octet-stream");
  EXPECT_EQ(index.header("Cache-Control"), "no-store");
  EXPECT_EQ(index.body.size(), 16U + 32 + 3 * 14);
  const test::Answer init = hall_.get(stream("runs/" + std::to_string(to_us(begin_)) + "/init"));
  ASSERT_EQ(init.status, 200) << init.body;
  EXPECT_THAT(init.header("Content-Type"), testing::StartsWith("video/mp4; codecs="));
  const test::Answer whole = hall_.get(segment());
  ASSERT_EQ(whole.status, 200);
  EXPECT_EQ(whole.header("Accept-Ranges"), "bytes");
  EXPECT_EQ(whole.header("Cache-Control"), "no-store");
  EXPECT_THAT(whole.body, HasSubstr("ftyp"));
  const test::Answer part = hall_.get(segment(), {{"Range", "bytes=100-199"}});
  ASSERT_EQ(part.status, 206);
  EXPECT_EQ(part.header("Content-Range"), "bytes 100-199/" + std::to_string(whole.body.size()));
  EXPECT_EQ(part.body, whole.body.substr(100, 100));
}

TEST_F(Footage, RangesBeyondTheDurableEndAre416) {
  hall_.record(begin_, 2, true);
  const std::size_t size = hall_.get(segment()).body.size();
  for (const std::string& range :
       {"bytes=" + std::to_string(size) + "-", std::string("bytes=0-1,3-4"), std::string("items=0-1"),
        std::string("bytes=5-1"), std::string("bytes=-0")}) {
    const test::Answer answer = hall_.get(segment(), {{"Range", range}});
    EXPECT_EQ(answer.status, 416) << range;
    EXPECT_EQ(answer.header("Content-Range"), "bytes */" + std::to_string(size));
  }
  const test::Answer last = hall_.get(segment(), {{"Range", "bytes=-1"}});
  EXPECT_EQ(last.status, 206);
  EXPECT_EQ(last.body.size(), 1U);
  EXPECT_EQ(hall_.get(segment(), {{"Range", "bytes=0-1"}, {"If-Range", "\"x\""}}).status, 200);
}

TEST_F(Footage, WhatIsNotThereIs404AndWhatIsWrongIs400) {
  hall_.record(begin_, 1, false);
  EXPECT_EQ(hall_.get("/api/v1/streams/cam-w9.main/index?" + interval()).status, 404);
  EXPECT_EQ(hall_.get("/api/v1/streams/..%2fx.main/index?" + interval()).status, 400);
  EXPECT_EQ(hall_.get(stream("segments/1")).status, 404);
  EXPECT_EQ(hall_.get(stream("runs/1/init")).status, 404);
  EXPECT_EQ(hall_.get(stream("segments/abc")).status, 400);
  EXPECT_EQ(hall_.get(stream("segments/99999999999999999999")).status, 400);
  EXPECT_EQ(hall_.get(stream("index")).status, 400);
  EXPECT_EQ(hall_.get(stream("index?from=1&to=86400000002")).status, 400);
  EXPECT_EQ(hall_.get(stream("index?" + interval() + "&x=1")).status, 400);
  EXPECT_EQ(hall_.get(stream("shots?" + interval() + "&limit=0")).status, 400);
}

TEST_F(Footage, CoverageAndShotsAnswer) {
  hall_.record(begin_, 3, false);
  const test::Answer coverage = hall_.get(stream("coverage?" + interval()));
  ASSERT_EQ(coverage.status, 200) << coverage.body;
  const auto footage = boost::json::parse(coverage.body).as_object().at("footage").as_array();
  ASSERT_EQ(footage.size(), 1U);
  EXPECT_EQ(footage[0].as_array()[0].as_int64(), to_us(begin_));
  EXPECT_EQ(hall_.get("/api/v1/streams/ws-1.screen/shots?" + interval()).body, R"({"shots":[]})");
}

TEST_F(Footage, ClockOffsetsTellWhatTheCamerasClockWasOffByAndWhen) {
  using std::chrono::seconds;
  hall_.index->on_clock_offset({"cam-w1.main", begin_, seconds(-90), std::chrono::milliseconds(20)});
  hall_.index->on_clock_offset(
      {"cam-w1.main", begin_ + seconds(9), seconds(2), std::chrono::milliseconds(30)});
  hall_.index->on_clock_offset(
      {"cam-w1.main", begin_ + seconds(10), seconds(7), seconds(0)});  // at `to`: outside
  ASSERT_TRUE(
      hall_.index->remove_session(sha256("nobody's")));  // waits for all that was to be written before
  const test::Answer answer = hall_.get(stream("clock_offsets?" + interval()));
  ASSERT_EQ(answer.status, 200) << answer.body;
  const std::string first = std::to_string(to_us(begin_)), second = std::to_string(to_us(begin_) + 9'000'000);
  EXPECT_EQ(answer.body, R"({"clock_offsets":[{"at_us":)" + first +
                             R"(,"offset_us":-90000000,"error_us":20000},)" + R"({"at_us":)" + second +
                             R"(,"offset_us":2000000,"error_us":30000}]})");
  EXPECT_EQ(hall_.get("/api/v1/streams/ws-1.screen/clock_offsets?" + interval()).body,
            R"({"clock_offsets":[]})");
  EXPECT_EQ(hall_.get("/api/v1/streams/cam-w9.main/clock_offsets?" + interval()).status, 404);
  EXPECT_EQ(hall_.get(stream("clock_offsets?from=1&to=2678400000002")).status, 400) << "more than 31 days";
}

TEST_F(Footage, TheHallsStateNamesEveryStreamAndStore) {
  const test::Answer answer = hall_.get("/api/v1/streams");
  ASSERT_EQ(answer.status, 200);
  const auto body = boost::json::parse(answer.body).as_object();
  const auto& streams = body.at("streams").as_array();
  ASSERT_EQ(streams.size(), 3U);
  EXPECT_EQ(streams[0].as_object().at("key").as_string(), "cam-w1.main");
  EXPECT_EQ(streams[0].as_object().at("window").as_object().at("name").as_string(), "1号窗口");
  EXPECT_EQ(body.at("stores").as_array().at(0).as_object().at("id").as_string(), "s1");
  const test::Answer health = hall_.get("/healthz");
  EXPECT_EQ(health.status, 503);
  EXPECT_THAT(health.body, HasSubstr(R"("streams":3,"recording":0)"));
  const test::Answer metrics = hall_.get("/metrics");
  EXPECT_THAT(metrics.body, HasSubstr("mj_stream_recording{stream=\"cam-w1.main\"} 0"));
  EXPECT_THAT(metrics.body, HasSubstr("mj_store_free_bytes{store=\"s1\"}"));
  EXPECT_THAT(metrics.body, HasSubstr("mj_http_requests_total{route=\"/api/v1/streams\",status=\"200\"} 1"));
  EXPECT_THAT(metrics.body, HasSubstr("mj_index_up 1"));
}

TEST_F(Footage, LanesTellWhatAScreenShowsOfWhoeverWorkedThere) {
  const WallTime locked = hall_.clock.now();
  hall_.index->on_outage({"ws-1.screen", locked, GapCause::screen_locked, "logind: the session is locked"});
  ASSERT_TRUE(hall_.index->remove_session(sha256("nobody's")));
  const auto end = std::to_string(to_us(locked + std::chrono::hours(1)));
  const test::Answer answer =
      hall_.get("/api/v1/lanes?streams=ws-1.screen,cam-w1.main&px=9&from=" + std::to_string(to_us(begin_)) +
                "&to=" + end);
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto streams = boost::json::parse(answer.body).at("streams").as_array();
  const auto presence = streams.at(0).at("presence").as_array();
  ASSERT_EQ(presence.size(), 1U) << answer.body;
  EXPECT_EQ(presence[0].at(0).as_int64(), to_us(locked));
  EXPECT_EQ(presence[0].at(2).as_string(), "locked");
  EXPECT_FALSE(streams.at(1).as_object().contains("presence")) << "a camera";
}

TEST_F(Footage, LanesOfManyStreamsAreBounded) {
  hall_.record(begin_, 3, false);
  const std::string from = std::to_string(to_us(begin_)), end = std::to_string(to_us(begin_) + 3'000'000);
  const test::Answer one = hall_.get("/api/v1/lanes?streams=cam-w1.main&px=10&from=" + from + "&to=" + end);
  ASSERT_EQ(one.status, 200) << one.body;
  EXPECT_THAT(one.body, HasSubstr(R"("coverage":[[)" + from + "," + end + R"(,"footage"]])"));
  const test::Answer all = hall_.get("/api/v1/lanes?streams=all&" + interval());
  ASSERT_EQ(all.status, 200) << all.body;
  EXPECT_THAT(all.body, HasSubstr("ws-1.screen"));
  EXPECT_EQ(hall_.get("/api/v1/lanes?streams=cam-w1.main,cam-w9.main&" + interval()).status, 404);
  for (const char* wrong :
       {"streams=all&px=0&", "streams=all&px=4001&", "streams=all&px=x&", "streams=&", "px=10&"})
    EXPECT_EQ(hall_.get(std::string("/api/v1/lanes?") + wrong + interval()).status, 400) << wrong;
  EXPECT_EQ(hall_.get("/api/v1/lanes?streams=all&from=1&to=1").status, 400);
}

}  // namespace
}  // namespace mj::server
