#pragma once

#include <atomic>
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
  /// Of an agent's stream: the first number that was taken and lost; 0: none. What has a higher number is
  /// dropped until it comes again, so that nothing is out of order. Read by the Recorder too.
  std::atomic<uint64_t> lost_from = 0;
};

}  // namespace mj::storage
