#pragma once

#include "storage/boxes.h"

/// What moov and moof say that storage needs to know (ISO/IEC 14496-12 §8). Values only; the input may be
/// hostile.
namespace mj::storage {

inline constexpr uint32_t kVideoTrack = 1;
inline constexpr uint32_t kMaxTimescale = 1'000'000'000;

/// mdhd and trex of one track.
struct Track {
  uint32_t id = 0;
  uint32_t timescale = 0;
  uint32_t sample_duration = 0;  ///< defaults, in force where a fragment says nothing
  uint32_t sample_bytes = 0;
  uint32_t sample_flags = 0;
};

/// From moov's payload. Errors: corrupt (a box that does not fit, no video track, an impossible timescale).
[[nodiscard]] Result<std::vector<Track>> parse_tracks(BytesView moov);

/// `ftyp moov` without every track but the video. The same bytes when there is no other. Errors: corrupt.
[[nodiscard]] Result<Bytes> video_only(BytesView init);

/// One traf, the only one of its moof in our files.
struct MovieFragment {
  uint32_t track = 0;
  uint32_t timescale = 0;
  uint64_t decode_time = 0;   ///< tfdt, ticks
  uint64_t duration = 0;      ///< of all samples, ticks; of none: what tfhd says (duration-is-empty)
  bool empty = false;         ///< no samples: the picture before still stands
  uint64_t sample_bytes = 0;  ///< of all samples
  uint64_t first_bytes = 0;   ///< of the first sample
  bool first_is_sync = false;
  std::optional<int32_t> data_offset;  ///< of the first sample, from moof's first byte
};

/// From moof's payload. Errors: corrupt (an unknown track, no tfdt or trun, times beyond ten years, a box
/// that does not fit).
[[nodiscard]] Result<MovieFragment> parse_movie_fragment(BytesView moof, std::span<const Track> tracks);

}  // namespace mj::storage
