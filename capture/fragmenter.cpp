#include "capture/fragmenter.h"

#include <algorithm>

namespace mj::capture {
namespace {

// Sample flags, ISO/IEC 14496-12 §8.8.3.1.
constexpr uint32_t kSyncSample = 0x02000000;     // depends on no other
constexpr uint32_t kNonSyncSample = 0x01010000;  // depends on others, is no sync sample

// trun: fields present, §8.8.8.
constexpr uint32_t kDataOffset = 0x001;
constexpr uint32_t kDuration = 0x100;
constexpr uint32_t kSize = 0x200;
constexpr uint32_t kFlags = 0x400;
constexpr uint32_t kComposition = 0x800;

// tfhd, §8.8.7.
constexpr uint32_t kDefaultDuration = 0x000008;
constexpr uint32_t kDurationIsEmpty = 0x010000;  // no samples in this time
constexpr uint32_t kBaseIsMoof = 0x020000;

constexpr std::size_t kMdatHeader = 8;

/// §8.16.5: the wall time of the following moof's first sample, and that sample's decode time on the track.
void put_prft(BoxWriter& out, WallTime wall, int64_t decode, std::vector<DecodeTimeSlot>& slots) {
  out.begin_full("prft", 1, 0);
  out.u32(kVideoTrack);
  out.u64(to_ntp(wall));
  slots.push_back({static_cast<uint32_t>(out.size()), kVideoTimescale, decode});
  out.u64(static_cast<uint64_t>(decode));
  out.end();
}

int64_t first_decode(const TrackPart& part) {
  return part.samples.empty() ? part.begin : part.samples.front().decode;
}

void put_trun(BoxWriter& out, const TrackPart& part, std::size_t* data_offset_at) {
  const bool composed = std::any_of(part.samples.begin(), part.samples.end(),
                                    [](const SampleEntry& sample) { return sample.composition != 0; });
  const uint32_t fields = kDataOffset | kDuration | kSize | kFlags | (composed ? kComposition : 0);
  out.begin_full("trun", 1, fields);  // version 1: composition offsets have a sign
  out.u32(part.samples.size());
  *data_offset_at = out.size();
  out.u32(0);
  for (std::size_t i = 0; i < part.samples.size(); ++i) {
    const SampleEntry& sample = part.samples[i];
    const int64_t next = i + 1 < part.samples.size() ? part.samples[i + 1].decode : part.end;
    out.u32(static_cast<uint32_t>(next - sample.decode));
    out.u32(sample.bytes);
    out.u32(sample.key ? kSyncSample : kNonSyncSample);
    if (composed) out.u32(static_cast<uint32_t>(sample.composition));
  }
  out.end();
}

/// `moof mdat` of one track.
void put_track(BoxWriter& out, uint32_t track, uint32_t timescale, const TrackPart& part, uint32_t sequence,
               std::vector<DecodeTimeSlot>& slots) {
  const bool empty = part.samples.empty();
  const std::size_t moof = out.size();
  out.begin("moof");
  out.begin_full("mfhd", 0, 0);
  out.u32(sequence);
  out.end();
  out.begin("traf");
  out.begin_full("tfhd", 0, kBaseIsMoof | (empty ? kDurationIsEmpty | kDefaultDuration : 0));
  out.u32(track);
  if (empty) out.u32(static_cast<uint64_t>(part.end - part.begin));
  out.end();
  out.begin_full("tfdt", 1, 0);
  const int64_t decode = first_decode(part);
  slots.push_back({static_cast<uint32_t>(out.size()), timescale, decode});
  out.u64(static_cast<uint64_t>(decode));
  out.end();
  std::size_t data_offset_at = 0;
  if (!empty) put_trun(out, part, &data_offset_at);
  out.end();
  out.end();
  if (!empty) out.patch_u32(data_offset_at, out.size() - moof + kMdatHeader);
  out.begin("mdat");
  out.bytes(part.payload);
  out.end();
}

WallTime wall_of(const Run& run, int64_t ticks) {
  return run.start + from_ticks(ticks, kVideoTimescale);
}

}  // namespace

Fragment build_fragment(std::shared_ptr<const Run> run, uint32_t audio_timescale,
                        const FragmentContent& content) {
  const TrackPart& video = content.video;
  const TrackPart& audio = content.audio;
  const int64_t decode = first_decode(video);
  Fragment fragment;
  fragment.start = wall_of(*run, decode);
  fragment.end = wall_of(*run, video.end);
  fragment.key = !video.samples.empty() && video.samples.front().key;
  fragment.frames = static_cast<uint32_t>(video.samples.size());

  BoxWriter out;
  out.reserve(512 + 16 * (video.samples.size() + audio.samples.size()) + video.payload.size() +
              audio.payload.size());
  put_prft(out, fragment.start, decode, fragment.decode_times);
  if (content.shot) {
    fragment.shot = *content.shot;
    out.bytes(encode_shot_box(*content.shot));
  }
  put_track(out, kVideoTrack, kVideoTimescale, video, content.sequence, fragment.decode_times);
  if (!video.samples.empty()) fragment.video_bytes = static_cast<uint32_t>(out.size());
  if (fragment.key) {
    const std::size_t payload_at = out.size() - video.payload.size();
    fragment.key_bytes = static_cast<uint32_t>(payload_at + video.samples.front().bytes);
  }
  if (!audio.samples.empty()) {
    put_track(out, kAudioTrack, audio_timescale, audio, content.sequence, fragment.decode_times);
  }
  fragment.bytes = std::make_shared<const Bytes>(out.take());
  fragment.run = std::move(run);
  return fragment;
}

}  // namespace mj::capture
