#pragma once

#include <memory>
#include <optional>

#include "storage/segment_writer.h"

namespace mj::storage {

/// Where a stream's writing has got to: what the next fragment is measured against.
/// Owner: the Recorder. Thread: that of the one store which has the stream now; it changes hands only with
/// nothing open.
struct StreamTail {
  StreamKey key;
  Digest previous{};  ///< sha256 of the newest closed segment: the chain
  std::unique_ptr<SegmentWriter> open;
  WallTime end = WallTime::max();  ///< of the newest footage; max: none yet
  Duration last{0};                ///< length of the newest fragment
  bool announced = false;          ///< the outlet knows of `open`
  bool gap_open = false;           ///< the outlet was told that there is no footage from here on
  bool needs_key = false;          ///< something was lost: nothing can be decoded before the next key frame
};

}  // namespace mj::storage
