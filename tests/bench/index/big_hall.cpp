#include "tests/bench/index/big_hall.h"

namespace mj::bench {

namespace {

config::Camera camera(int number, const std::string& window, const std::string& area) {
  config::Camera camera;
  camera.id = fmt::format("cam-{:03}", number);
  camera.name = fmt::format("{:03}号摄像机", number);
  camera.sub_url = "rtsp://camera/sub";
  camera.window = window;
  camera.area = area;
  camera.purpose = "办事过程记录";
  camera.legal_basis = "优化营商环境条例58";
  return camera;
}

/// A camera's frames come every 40 ms; where its ticks wobble, each is off by up to a millisecond.
Duration length_of(int frames, bool unsteady, Random& random) {
  const int64_t wobble_us = unsteady ? random.between(-90, 90) * 1'000'000 / 90'000 : 0;
  return Duration(frames * 40'000 + wobble_us);
}

struct Picture {
  int64_t key_bytes, frame_bytes;  // on average
};
constexpr Picture kMain{115'000, 18'500};  // 1080p25 at 4.1 Mbit/s
constexpr Picture kSub{14'000, 2'200};     // 640x360 at 0.5 Mbit/s
constexpr int kGroup = 50;                 // frames from key to key: 2 s
constexpr int kCut = 13;                   // frames until half a second is full

std::vector<storage::FragmentPlace> camera_minute(FilledStream& stream, Random& random) {
  const Picture picture = stream.kind == StreamKind::main ? kMain : kSub;
  std::vector<storage::FragmentPlace> places;
  uint64_t offset = kHeaderBytes;
  for (int group = 0; group < 30; ++group) {
    // A scene that moves makes the whole group bigger.
    const int64_t frame = random.around(picture.frame_bytes, picture.frame_bytes / 12);
    for (int first = 0; first < kGroup; first += kCut) {
      const int frames = std::min(kCut, kGroup - first);
      storage::FragmentPlace place;
      place.start = stream.next;
      place.end = place.start + length_of(frames, stream.unsteady, random);
      const int64_t head = 160 + 12 * frames;  // prft, moof, the head of mdat
      if (first == 0)
        place.key_bytes =
            static_cast<uint32_t>(head + random.around(picture.key_bytes, picture.key_bytes / 12));
      const int64_t others = frames - (first == 0 ? 1 : 0);
      place.video_bytes = place.key_bytes + static_cast<uint32_t>(others * random.around(frame, frame / 16) +
                                                                  (first == 0 ? 0 : head));
      place.bytes = place.video_bytes;
      if (stream.sound)
        place.bytes += static_cast<uint32_t>(8 * frames * 40 + 140 + 172 * random.between(0, 1));
      place.offset = offset;
      offset += place.bytes;
      stream.next = place.end;
      places.push_back(place);
    }
  }
  return places;
}

std::vector<storage::FragmentPlace> screen_minute(FilledStream& stream, Random& random) {
  std::vector<storage::FragmentPlace> places;
  uint64_t offset = kHeaderBytes;
  for (int shot = 0; shot < 12; ++shot) {
    storage::FragmentPlace place;
    place.start = stream.next;
    place.end = place.start + std::chrono::seconds(5);
    const int64_t bytes = shot == 0            ? random.around(180'000, 30'000)
                          : random.chance(0.4) ? random.around(9'500, 2'500)
                                               : 700;
    place.key_bytes = shot == 0 ? static_cast<uint32_t>(bytes) : 0;
    place.video_bytes = static_cast<uint32_t>(bytes);
    place.bytes = place.video_bytes;
    place.offset = offset;
    offset += place.bytes;
    stream.next = place.end + Duration(random.between(0, 30'000));  // the agent's timer
    places.push_back(place);
  }
  return places;
}

}  // namespace

Scale Scale::of(double factor) {
  const auto part = [factor](double whole) { return std::max(1, static_cast<int>(whole * factor + 0.5)); };
  return {.footage_days = part(30), .case_days = part(365), .visits = part(2'000'000)};
}

config::Settings big_hall(const Scale& scale) {
  config::Settings settings;
  settings.hall = {"bench", "政务服务大厅", "Asia/Shanghai"};
  for (int i = 1; i <= kAreas; ++i) settings.areas.push_back({fmt::format("a{}", i), fmt::format("{}区", i)});
  for (int i = 1; i <= kWindows; ++i) {
    settings.windows.push_back(
        {fmt::format("w{}", i), fmt::format("{}号窗口", i), fmt::format("a{}", (i - 1) % kAreas + 1)});
    settings.clerks.push_back({fmt::format("{}", 1000 + i), fmt::format("工作人员{}", i)});
  }
  for (int i = 1; i <= scale.cameras; ++i) {
    settings.cameras.push_back(i <= kWindows ? camera(i, fmt::format("w{}", i), "")
                                             : camera(i, "", fmt::format("a{}", i % kAreas + 1)));
  }
  for (int i = 1; i <= scale.screens; ++i) {
    config::Workstation workstation;
    workstation.id = fmt::format("ws-{:03}", i);
    workstation.name = fmt::format("{}号工位", i);
    workstation.window = fmt::format("w{}", i);
    workstation.clerk = fmt::format("{}", 1000 + i);
    settings.workstations.push_back(workstation);
  }
  return settings;
}

uint64_t Random::next() {
  uint64_t z = state_ += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

int64_t Random::between(int64_t low, int64_t high) {
  return low + static_cast<int64_t>(next() % static_cast<uint64_t>(high - low + 1));
}

bool Random::chance(double probability) {
  return static_cast<double>(next() >> 11) * 0x1p-53 < probability;
}

int64_t Random::around(int64_t middle, int64_t spread) {
  // Three of these are as good as normal, and bounded.
  return middle + (between(-spread, spread) + between(-spread, spread) + between(-spread, spread));
}

Digest Random::digest() {
  Digest digest;
  for (std::size_t i = 0; i < digest.size(); i += 8) {
    const uint64_t word = next();
    for (std::size_t byte = 0; byte < 8; ++byte) digest[i + byte] = static_cast<uint8_t>(word >> (8 * byte));
  }
  return digest;
}

std::vector<FilledStream> streams_of(const Scale& scale) {
  std::vector<FilledStream> streams;
  const auto add = [&](StreamKey key, StreamKind kind, int number) {
    // Each began at a moment of its own. Counters have a microphone; one camera in three has unsteady ticks.
    const WallTime start = kEnd - scale.footage_days * kDay + Duration(number * 331'337);
    streams.push_back({std::move(key), kind, kind == StreamKind::main && number <= kWindows / 2,
                       number % 3 == 0, start, start});
  };
  for (int i = 1; i <= scale.cameras; ++i) {
    add(fmt::format("cam-{:03}.main", i), StreamKind::main, i);
    add(fmt::format("cam-{:03}.sub", i), StreamKind::sub, i);
  }
  for (int i = 1; i <= scale.screens; ++i) add(fmt::format("ws-{:03}.screen", i), StreamKind::screen, i);
  return streams;
}

std::vector<storage::FragmentPlace> minute_of(FilledStream& stream, Random& random) {
  return stream.kind == StreamKind::screen ? screen_minute(stream, random) : camera_minute(stream, random);
}

}  // namespace mj::bench
