#include "capture/capture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/capture/recording_outlet.h"

namespace mj::capture {
namespace {

config::Settings hall() {
  config::Settings settings;
  settings.cameras.resize(2);
  settings.cameras[0].id = "cam-1";
  settings.cameras[0].url = "rtsp://127.0.0.1:1/main";
  settings.cameras[0].sub_url = "rtsp://127.0.0.1:1/sub";
  settings.cameras[1].id = "cam-2";
  settings.cameras[1].url = "rtsp://127.0.0.1:1/main";
  settings.workstations.resize(1);
  settings.workstations[0].id = "ws-1";
  return settings;
}

TEST(CaptureTest, NamesItsStreamsInTheOrderOfTheConfiguration) {
  std::vector<StreamKey> keys;
  for (const StreamInfo& stream : streams_of(hall())) keys.push_back(stream.key);
  EXPECT_EQ(keys, (std::vector<StreamKey>{"cam-1.main", "cam-1.sub", "cam-2.main", "ws-1.screen"}));
  EXPECT_EQ(streams_of(hall())[1].kind, StreamKind::sub);
  EXPECT_EQ(streams_of(hall())[3].device, "ws-1");
}

TEST(CaptureTest, EveryStreamHasAStatusFromTheBeginning) {
  const SystemClock clock;
  test::RecordingOutlet outlet;
  const Capture capture(hall(), clock, outlet);
  const auto status = capture.status();
  ASSERT_EQ(status.size(), 4U);
  EXPECT_EQ(status[3].stream, "ws-1.screen");
  for (const StreamStatus& stream : status) EXPECT_EQ(stream.state, StreamStatus::State::connecting);
}

TEST(CaptureTest, StopTellsEveryStreamsEndOnce) {
  const SystemClock clock;
  test::RecordingOutlet outlet;
  Capture capture(hall(), clock, outlet);
  capture.start();
  capture.stop();
  capture.stop();
  std::vector<StreamKey> stopped;
  for (const Outage& outage : outlet.outages()) {
    if (outage.cause == GapCause::shutdown) stopped.push_back(outage.stream);
  }
  EXPECT_THAT(stopped, testing::UnorderedElementsAre("cam-1.main", "cam-1.sub", "cam-2.main", "ws-1.screen"));
}

TEST(CaptureTest, WhatNeverRanStopsSilently) {
  const SystemClock clock;
  test::RecordingOutlet outlet;
  { Capture capture(hall(), clock, outlet); }
  EXPECT_TRUE(outlet.outages().empty());
}

}  // namespace
}  // namespace mj::capture
