#include "storage/movie.h"

#include <algorithm>

namespace mj::storage {

namespace {

constexpr std::size_t kMaxTracks = 8;
constexpr uint32_t kMaxSamples = 1'000'000;  // of one trun; keeps the sums below far from overflow
constexpr int kMaxRuns = 64;
constexpr uint64_t kMaxSeconds = 10ULL * 366 * 86'400;
constexpr uint32_t kNonSync = 0x00010000;  // sample_is_non_sync_sample, §8.8.3.1

tl::unexpected<Error> broken(std::string_view what) {
  return fail(ErrorKind::corrupt, "{}", what);
}

uint32_t track_id_of(BytesView tkhd) {
  ByteReader reader(tkhd);
  const FullBox box = read_full_box(reader);
  reader.skip(box.version == 1 ? 16 : 8);  // creation and modification time
  return reader.u32();
}

Result<Track> parse_trak(BytesView trak) {
  const auto tkhd = find_box(trak, box_type("tkhd"));
  const auto mdia = find_box(trak, box_type("mdia"));
  const auto mdhd = mdia ? find_box(mdia->payload, box_type("mdhd")) : std::nullopt;
  if (!tkhd || !mdhd) return broken("moov: a track without tkhd or mdhd");
  Track track;
  track.id = track_id_of(tkhd->payload);
  ByteReader reader(mdhd->payload);
  const FullBox box = read_full_box(reader);
  reader.skip(box.version == 1 ? 16 : 8);
  track.timescale = reader.u32();
  if (!reader.ok() || track.timescale == 0 || track.timescale > kMaxTimescale) {
    return broken("moov: a track with an impossible timescale");
  }
  return track;
}

void apply_defaults(BytesView mvex, std::vector<Track>& tracks) {
  BoxCursor cursor(mvex);
  while (const Box* box = cursor.next()) {
    if (box->type != box_type("trex")) continue;
    ByteReader reader(box->payload);
    static_cast<void>(read_full_box(reader));
    const uint32_t id = reader.u32();
    static_cast<void>(reader.u32());  // default_sample_description_index
    for (Track& track : tracks) {
      if (track.id != id) continue;
      track.sample_duration = reader.u32();
      track.sample_bytes = reader.u32();
      track.sample_flags = reader.u32();
    }
  }
}

/// The payload of `container` with only those boxes that belong to the video.
Result<Bytes> keep_video(const Box& container) {
  Bytes kept;
  BoxCursor cursor(container.payload);
  while (const Box* box = cursor.next()) {
    uint32_t track = kVideoTrack;
    if (box->type == box_type("trak")) {
      MJ_TRY(const Track parsed, parse_trak(box->payload));
      track = parsed.id;
    } else if (box->type == box_type("trex")) {
      ByteReader reader(box->payload);
      reader.skip(4);
      track = reader.u32();
    }
    if (track != kVideoTrack) continue;
    if (box->type == box_type("mvex") &&
        container.type == box_type("moov")) {  // one level, however it is nested
      MJ_TRY(const Bytes inner, keep_video(*box));
      kept.insert(kept.end(), inner.begin(), inner.end());
    } else {
      kept.insert(kept.end(), box->whole.begin(), box->whole.end());
    }
  }
  if (cursor.broken()) return broken("moov: a box that does not fit");
  return make_box(container.type, kept);
}

struct Defaults {
  uint32_t duration, bytes, flags;
};

Result<Defaults> parse_tfhd(BytesView tfhd, std::span<const Track> tracks, MovieFragment& out) {
  ByteReader reader(tfhd);
  const FullBox box = read_full_box(reader);
  out.track = reader.u32();
  const auto track =
      std::find_if(tracks.begin(), tracks.end(), [&](const Track& t) { return t.id == out.track; });
  if (track == tracks.end()) return broken("moof: of a track that moov does not name");
  out.timescale = track->timescale;
  Defaults defaults{track->sample_duration, track->sample_bytes, track->sample_flags};
  if (box.flags & 0x01) reader.skip(8);  // base_data_offset
  if (box.flags & 0x02) reader.skip(4);  // sample_description_index
  if (box.flags & 0x08) defaults.duration = reader.u32();
  if (box.flags & 0x10) defaults.bytes = reader.u32();
  if (box.flags & 0x20) defaults.flags = reader.u32();
  if (!reader.ok()) return broken("moof: tfhd is cut");
  out.empty = (box.flags & 0x010000) != 0;  // duration-is-empty, §8.8.7.1
  if (out.empty) out.duration = defaults.duration;
  return defaults;
}

/// §8.8.8. Per-sample fields are walked only while there are bytes for them, so a huge sample_count costs
/// nothing.
Result<void> parse_trun(BytesView trun, const Defaults& defaults, bool first_run, MovieFragment& out) {
  ByteReader reader(trun);
  const uint32_t flags = read_full_box(reader).flags;
  const uint32_t count = reader.u32();
  if (flags & 0x01) {
    const auto offset = static_cast<int32_t>(reader.u32());
    if (first_run) out.data_offset = offset;
  }
  uint32_t first_flags = flags & 0x04 ? reader.u32() : defaults.flags;
  uint32_t first_bytes = defaults.bytes;
  const std::size_t width = 4 * static_cast<std::size_t>(__builtin_popcount(flags & 0xF00));
  if (!reader.ok() || count > kMaxSamples || (width > 0 && reader.left() / width < count)) {
    return broken("moof: trun is cut");
  }
  if (!(flags & 0x100)) out.duration += static_cast<uint64_t>(defaults.duration) * count;
  if (!(flags & 0x200)) out.sample_bytes += static_cast<uint64_t>(defaults.bytes) * count;
  for (uint32_t i = 0; width > 0 && i < count; ++i) {
    if (flags & 0x100) out.duration += reader.u32();
    const uint32_t bytes = flags & 0x200 ? reader.u32() : defaults.bytes;
    if (flags & 0x200) out.sample_bytes += bytes;
    const uint32_t sample_flags = flags & 0x400 ? reader.u32() : defaults.flags;
    if (flags & 0x800) reader.skip(4);  // composition time offset
    if (i > 0) continue;
    first_bytes = bytes;
    if (!(flags & 0x04)) first_flags = sample_flags;
  }
  if (first_run && count > 0) {
    out.first_bytes = first_bytes;
    out.first_is_sync = (first_flags & kNonSync) == 0;
  }
  return {};
}

Result<uint64_t> parse_tfdt(BytesView tfdt) {
  ByteReader reader(tfdt);
  const FullBox box = read_full_box(reader);
  const uint64_t time = box.version == 1 ? reader.u64() : reader.u32();
  if (!reader.ok()) return broken("moof: tfdt is cut");
  return time;
}

}  // namespace

Result<std::vector<Track>> parse_tracks(BytesView moov) {
  std::vector<Track> tracks;
  BoxCursor cursor(moov);
  while (const Box* box = cursor.next()) {
    if (box->type != box_type("trak")) continue;
    if (tracks.size() == kMaxTracks) return broken("moov: too many tracks");
    MJ_TRY(const Track track, parse_trak(box->payload));
    tracks.push_back(track);
  }
  if (cursor.broken()) return broken("moov: a box that does not fit");
  if (std::none_of(tracks.begin(), tracks.end(), [](const Track& t) { return t.id == kVideoTrack; })) {
    return broken("moov: no video track");
  }
  if (const auto mvex = find_box(moov, box_type("mvex"))) apply_defaults(mvex->payload, tracks);
  return tracks;
}

Result<Bytes> video_only(BytesView init) {
  Bytes out;
  BoxCursor cursor(init);
  while (const Box* box = cursor.next()) {
    if (box->type == box_type("moov")) {
      MJ_TRY(const Bytes moov, keep_video(*box));
      out.insert(out.end(), moov.begin(), moov.end());
    } else {
      out.insert(out.end(), box->whole.begin(), box->whole.end());
    }
  }
  if (cursor.broken()) return broken("init: a box that does not fit");
  return out;
}

Result<MovieFragment> parse_movie_fragment(BytesView moof, std::span<const Track> tracks) {
  const auto traf = find_box(moof, box_type("traf"));
  const auto tfhd = traf ? find_box(traf->payload, box_type("tfhd")) : std::nullopt;
  const auto tfdt = traf ? find_box(traf->payload, box_type("tfdt")) : std::nullopt;
  if (!tfhd || !tfdt) return broken("moof: no tfhd or no tfdt");
  MovieFragment out;
  MJ_TRY(const Defaults defaults, parse_tfhd(tfhd->payload, tracks, out));
  MJ_TRY(out.decode_time, parse_tfdt(tfdt->payload));
  int runs = 0;
  BoxCursor cursor(traf->payload);
  while (const Box* box = cursor.next()) {
    if (runs == kMaxRuns) return broken("moof: too many trun");
    if (box->type == box_type("trun")) MJ_CHECK(parse_trun(box->payload, defaults, runs++ == 0, out));
  }
  if (cursor.broken() || (runs == 0) != out.empty)
    return broken("moof: traf is cut or its trun are not as tfhd says");
  const uint64_t limit = kMaxSeconds * out.timescale;
  if (out.decode_time > limit || out.duration > limit) return broken("moof: times beyond ten years");
  return out;
}

}  // namespace mj::storage
