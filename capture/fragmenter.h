#pragma once

#include <memory>
#include <vector>

#include "capture/capture.h"
#include "capture/mp4_boxes.h"
#include "capture/shot_box.h"

namespace mj::capture {

/// One sample of a fragment; its bytes follow those of the sample before. Times in ticks of the track since
/// Run::start.
struct SampleEntry {
  int64_t decode = 0;
  int32_t composition = 0;  ///< presentation − decode, may be negative
  uint32_t bytes = 0;
  bool key = false;
};

/// Samples of one track in decode order, with their bytes one after the other.
struct TrackPart {
  std::vector<SampleEntry> samples;
  BytesView payload;  ///< as many bytes as the samples have
  int64_t end = 0;    ///< decode time of what follows, or where the last sample ends; after the last sample's
  int64_t begin = 0;  ///< of a part without samples: what was decoded last still stands from here to `end`
};

/// The next fragment's content. Borrowed for the call.
struct FragmentContent {
  TrackPart video;        ///< no sample: a screen that is as it was (tfhd says duration-is-empty)
  TrackPart audio;        ///< may have none
  uint32_t sequence = 1;  ///< rising within the run (mfhd)
  const ShotFacts* shot = nullptr;
};

/// Writes `prft [uuid] moof mdat [moof mdat]` (see README.md for every field) and says where things are in
/// it. Pure; the one place that knows the layout. Precondition: decode times rise strictly within each track.
[[nodiscard]] Fragment build_fragment(std::shared_ptr<const Run> run, uint32_t audio_timescale,
                                      const FragmentContent& content);

}  // namespace mj::capture
