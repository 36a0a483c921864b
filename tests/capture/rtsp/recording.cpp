#include "tests/capture/rtsp/recording.h"

#include <gtest/gtest.h>

#include "capture/rtsp/rtp.h"

namespace mj::test {

using capture::rtsp::read_u16;
using capture::rtsp::read_u32;

void Recording::start() {
  camera.start();
  capture::rtsp::EngineOptions options;
  options.seed = 1;
  options.limits = limits;
  engine = std::make_unique<capture::rtsp::Engine>(clock, options);
  capture::SourceSettings settings;
  settings.stream = "cam.main";
  settings.camera = "cam";
  settings.url = camera.url();
  settings.user = user;
  settings.password = Secret(password);
  settings.transport = transport;
  source = std::make_unique<capture::RtspSource>(std::move(settings), *engine, clock, outlet);
  source->start();
  engine->start();
}

void Recording::stop() {
  if (engine) engine->stop();
}

void Recording::send(Duration duration) {
  camera.push(stream.take());
  ASSERT_TRUE(camera.all_read());
  clock.advance(duration);
}

void Recording::play(int count, Duration duration, int group) {
  for (int i = 0; i < count; ++i) {
    if (pictures_++ % group == 0) {
      stream.key();
    } else {
      stream.inter();
    }
    send(duration);
  }
}

bool Recording::wait_until_playing(int plays) const {
  for (int i = 0; i < 4000 && camera.count("PLAY") < plays; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return camera.count("PLAY") >= plays;
}

Recording::Footage Recording::footage() const {
  Footage footage;
  footage.fragments = outlet.fragments();
  const capture::Run* run = nullptr;
  for (const auto& fragment : footage.fragments) {
    EXPECT_LT(fragment.start, fragment.end);
    if (run) {
      EXPECT_GE(fragment.start, footage.end) << "a fragment overlaps the one before";
      footage.missing += fragment.start - footage.end;
    } else {
      footage.begin = fragment.start;
    }
    if (fragment.run.get() != run) {
      EXPECT_TRUE(fragment.key) << "a run begins without a key picture";
      footage.run_starts.push_back(fragment.run->start);
    }
    run = fragment.run.get();
    footage.end = fragment.end;
    footage.pictures += fragment.frames;
    footage.longest_fragment = std::max(footage.longest_fragment, fragment.end - fragment.start);
    const auto decode = decode_times_of(fragment);
    for (std::size_t i = 1; i < decode.size(); ++i) EXPECT_GT(decode[i], decode[i - 1]);
  }
  return footage;
}

std::vector<GapCause> Recording::outage_causes() const {
  std::vector<GapCause> causes;
  for (const auto& outage : outlet.outages()) causes.push_back(outage.cause);
  return causes;
}

namespace {

/// The content of the first box of `type`, looked for along `path` of containers.
BytesView find_box(BytesView boxes, std::string_view type) {
  while (boxes.size() >= 8) {
    const std::size_t size = read_u32(boxes.data());
    if (size < 8 || size > boxes.size()) return {};
    if (as_text(boxes.subspan(4, 4)) == type) return boxes.subspan(8, size - 8);
    boxes = boxes.subspan(size);
  }
  return {};
}

struct SampleFacts {
  std::vector<int64_t> decode;
  std::vector<uint32_t> sizes;
};

SampleFacts samples_of(const capture::Fragment& fragment) {
  const BytesView bytes(*fragment.bytes);
  const BytesView traf = find_box(find_box(bytes, "moof"), "traf");
  const BytesView tfdt = find_box(traf, "tfdt");
  const BytesView trun = find_box(traf, "trun");
  SampleFacts facts;
  if (tfdt.size() < 12 || trun.size() < 12) return facts;
  int64_t decode = static_cast<int64_t>(read_u32(&tfdt[4])) << 32 | read_u32(&tfdt[8]);
  const bool composed = (read_u32(trun.data()) & 0x800) != 0;
  const std::size_t width = composed ? 16 : 12;
  for (std::size_t at = 12; at + width <= trun.size(); at += width) {
    facts.decode.push_back(decode);
    decode += read_u32(&trun[at]);
    facts.sizes.push_back(read_u32(&trun[at + 4]));
  }
  return facts;
}

}  // namespace

std::vector<int64_t> decode_times_of(const capture::Fragment& fragment) {
  return samples_of(fragment).decode;
}

std::vector<Bytes> nals_of(const capture::Fragment& fragment) {
  std::vector<Bytes> nals;
  const BytesView mdat = find_box(*fragment.bytes, "mdat");
  std::size_t end = 0;
  for (const uint32_t size : samples_of(fragment).sizes) end += size;
  for (std::size_t at = 0; at + 4 <= end;) {
    const std::size_t size = read_u32(&mdat[at]);
    const BytesView nal = mdat.subspan(at + 4, size);
    nals.emplace_back(nal.begin(), nal.end());
    at += 4 + size;
  }
  return nals;
}

}  // namespace mj::test
