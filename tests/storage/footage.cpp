#include "tests/storage/footage.h"

#include <algorithm>
#include <random>
#include <set>

#include "storage/boxes.h"
#include "storage/layout.h"

namespace mj::storage {

namespace {

constexpr uint32_t kVideoScale = 90'000, kAudioScale = 8'000;
constexpr uint32_t kSamples = 4;

Bytes join(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

Bytes box(const char (&type)[5], std::initializer_list<Bytes> parts) {
  return make_box(box_type(type), join(parts));
}

Bytes numbers(std::initializer_list<std::pair<uint64_t, std::size_t>> values) {
  Bytes out;
  for (const auto& [value, width] : values) append_number(out, value, width);
  return out;
}

Bytes trak(uint32_t id, uint32_t timescale) {
  return box(
      "trak",
      {box("tkhd", {numbers({{3, 4}, {0, 4}, {0, 4}, {id, 4}, {0, 4}, {0, 4}})}),
       box("mdia", {box("mdhd", {numbers({{0, 4}, {0, 4}, {0, 4}, {timescale, 4}, {0, 4}, {0, 4}})})})});
}

Bytes trex(uint32_t id) {
  return box("trex", {numbers({{0, 4}, {id, 4}, {1, 4}, {0, 4}, {0, 4}, {0x10000, 4}})});
}

Bytes init_of(bool audio) {
  const Bytes ftyp = box("ftyp", {numbers({{box_type("iso6"), 4}, {0, 4}, {box_type("iso6"), 4}})});
  if (!audio) return join({ftyp, box("moov", {trak(1, kVideoScale), box("mvex", {trex(1)})})});
  return join(
      {ftyp, box("moov", {trak(1, kVideoScale), trak(2, kAudioScale), box("mvex", {trex(1), trex(2)})})});
}

/// moof and mdat of one track; `slot` becomes the offset of its decode time.
Bytes movie(uint32_t track, uint64_t ticks, uint32_t sample_ticks, bool key, const Bytes& payload,
            uint32_t& slot) {
  const auto sample = static_cast<uint32_t>(payload.size() / kSamples);
  const auto last = static_cast<uint32_t>(payload.size() - sample * (kSamples - 1));
  const uint32_t moof_bytes = 8 + 16 + 8 + 16 + 20 + (8 + 12 + 12 * kSamples);
  Bytes trun = numbers({{0x701, 4}, {kSamples, 4}, {moof_bytes + 8, 4}});
  for (uint32_t i = 0; i < kSamples; ++i) {
    append_number(trun, sample_ticks, 4);
    append_number(trun, i + 1 == kSamples ? last : sample, 4);
    append_number(trun, key && i == 0 ? 0x02000000 : 0x01010000, 4);
  }
  const Bytes moof = box(
      "moof", {box("mfhd", {numbers({{0, 4}, {1, 4}})}),
               box("traf", {box("tfhd", {numbers({{0x020000, 4}, {track, 4}})}),
                            box("tfdt", {numbers({{0x01000000, 4}, {ticks, 8}})}), box("trun", {trun})})});
  slot = 8 + 16 + 8 + 16 + 12;
  return join({moof, box("mdat", {payload})});
}

Bytes noise(const StreamKey& stream, WallTime start, uint32_t track, std::size_t bytes) {
  std::mt19937 random(
      static_cast<uint32_t>(std::hash<std::string>{}(stream) ^ static_cast<uint64_t>(to_us(start)) ^ track));
  Bytes out(bytes);
  std::generate(out.begin(), out.end(), [&] { return static_cast<uint8_t>(random()); });
  return out;
}

Bytes prft(WallTime start, uint64_t ticks) {
  const int64_t us = to_us(start);
  const uint64_t seconds = static_cast<uint64_t>(us / 1'000'000) + 2'208'988'800;
  const uint64_t fraction = (static_cast<uint64_t>(us % 1'000'000) << 32) / 1'000'000;
  return box("prft", {numbers({{0x01000000, 4}, {1, 4}, {(seconds << 32) | fraction, 8}, {ticks, 8}})});
}

Bytes shot_box(const std::string& payload) {
  return box("uuid", {Bytes(capture::kShotBoxType.begin(), capture::kShotBoxType.end()),
                      Bytes(payload.begin(), payload.end())});
}

}  // namespace

std::shared_ptr<const capture::Run> make_run(const StreamKey& stream, WallTime start, bool audio) {
  auto run = std::make_shared<capture::Run>();
  run->stream = stream;
  run->start = start;
  run->mime = "video/mp4; codecs=\"avc1.640028\"";
  run->init = init_of(audio);
  run->video_init = init_of(false);
  run->width = 1920;
  run->height = 1080;
  run->audio = audio ? "pcm_alaw" : "";
  run->time_error = std::chrono::milliseconds(40);
  return run;
}

capture::Fragment make_fragment(const std::shared_ptr<const capture::Run>& run, WallTime start,
                                const FragmentShape& shape) {
  capture::Fragment fragment;
  fragment.run = run;
  fragment.start = start;
  fragment.end = start + shape.length;
  fragment.key = shape.key;
  fragment.frames = kSamples;
  const int64_t ticks = to_ticks(start - run->start, kVideoScale);
  Bytes bytes = prft(start, static_cast<uint64_t>(ticks));
  if (shape.shot) bytes = join({bytes, shot_box(*shape.shot)});
  uint32_t slot = 0;
  const auto sample_ticks = static_cast<uint32_t>(to_ticks(shape.length, kVideoScale) / kSamples);
  const Bytes video = movie(1, static_cast<uint64_t>(ticks), sample_ticks, shape.key,
                            noise(run->stream, start, 1, shape.payload), slot);
  fragment.decode_times.push_back({static_cast<uint32_t>(bytes.size()) + slot, kVideoScale, ticks});
  if (shape.key) {
    fragment.key_bytes =
        static_cast<uint32_t>(bytes.size() + video.size() - shape.payload + shape.payload / kSamples);
  }
  bytes = join({bytes, video});
  fragment.video_bytes = static_cast<uint32_t>(bytes.size());
  if (shape.audio) {
    const int64_t audio_ticks = to_ticks(start - run->start, kAudioScale);
    const Bytes audio =
        movie(2, static_cast<uint64_t>(audio_ticks), 2000, true, noise(run->stream, start, 2, 800), slot);
    fragment.decode_times.push_back({fragment.video_bytes + slot, kAudioScale, audio_ticks});
    bytes = join({bytes, audio});
  }
  fragment.bytes = std::make_shared<const Bytes>(std::move(bytes));
  return fragment;
}

Bytes as_written(const capture::Fragment& fragment, WallTime segment_start) {
  Bytes bytes = *fragment.bytes;
  for (const capture::DecodeTimeSlot& slot : fragment.decode_times) {
    const int64_t ticks = slot.ticks - to_ticks(segment_start - fragment.run->start, slot.timescale);
    put_number(std::span(bytes).subspan(slot.offset, 8), static_cast<uint64_t>(ticks));
  }
  return bytes;
}

std::string Memory::story() const {
  std::string text;
  for (const Event& event : events()) text += "odc!"[event.index()];
  return text;
}

bool Memory::wait_for(const std::function<bool(const std::vector<Event>&)>& what) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return what(events_); });
}

void Memory::add(Event event) {
  {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
  }
  changed_.notify_all();
}

void Witness::handed_in(const capture::Fragment& fragment) {
  fragments_[{fragment.run->stream, fragment.start}] = fragment;
}

std::vector<std::string> Witness::missing(const Tree& tree, const Memory& memory) const {
  std::vector<std::string> complaints;
  for (const FragmentDurable& durable : memory.all<FragmentDurable>()) {
    const Bytes expected =
        as_written(fragments_.at({durable.segment.stream, durable.place.start}), durable.segment.start);
    auto file = tree.open(segment_path(durable.segment, false), false);
    if (!file) file = tree.open(segment_path(durable.segment, true), false);
    Bytes found(durable.place.bytes);
    const auto got = file ? (*file)->read(durable.place.offset, found) : tl::unexpected(file.error());
    if (!got || *got != found.size() || found != expected) {
      complaints.push_back(fmt::format("{} + {}: acknowledged and not there", segment_path(durable.segment),
                                       durable.place.offset));
    }
  }
  return complaints;
}

std::vector<std::string> Witness::silent(const Memory& memory) const {
  std::set<std::pair<StreamKey, WallTime>> durable;
  for (const FragmentDurable& one : memory.all<FragmentDurable>())
    durable.insert({one.segment.stream, one.place.start});
  std::vector<std::string> complaints;
  for (const auto& [name, fragment] : fragments_) {
    if (durable.contains(name)) continue;
    // Footage between the outage and the fragment would have ended the gap.
    WallTime newest_before = WallTime::min();
    for (const auto& [stream, start] : durable) {
      if (stream == name.first && start < name.second) newest_before = std::max(newest_before, start);
    }
    const auto outages = memory.all<capture::Outage>();
    const bool covered = std::any_of(outages.begin(), outages.end(), [&](const capture::Outage& outage) {
      return outage.stream == name.first && outage.begin <= name.second && outage.begin > newest_before;
    });
    if (!covered)
      complaints.push_back(fmt::format("{} at {}: lost in silence", name.first, to_us(name.second)));
  }
  return complaints;
}

}  // namespace mj::storage
