#pragma once

#include <string>
#include <vector>

#include "index/index.h"
#include "index/search.h"
#include "server/byte_range.h"
#include "server/message.h"

namespace mj::server {

/// The one place through which footage and its facts leave: fragment index, init segments, segment bytes,
/// shots, window titles. It lets in only proven people and writes who took what of which interval to the log.
/// Nothing else in this module calls these functions of index::Index or storage::Reader. Owner: the Server;
/// index and reader must outlive it. Threads: any; everything blocks, so call it on the work pool. Failure:
/// denied for everybody who is not a person.
class Gate {
 public:
  Gate(const index::Index& index, const storage::Reader& reader) : index_(index), reader_(reader) {}

  [[nodiscard]] Result<std::vector<index::IndexedSegment>> fragments(const Principal& who,
                                                                     const StreamKey& stream, WallTime from,
                                                                     WallTime to) const;
  [[nodiscard]] Result<std::vector<index::ShotRow>> shots(const Principal& who, const StreamKey& stream,
                                                          WallTime from, WallTime to, int limit) const;
  [[nodiscard]] Result<index::RunInit> run_init(const Principal& who, const StreamKey& stream,
                                                WallTime run_start) const;

  /// Window titles are facts of footage, so what a search finds leaves here too. `timezone` and `limit` as
  /// for index::Search.
  [[nodiscard]] Result<index::SearchAnswer> search(const Principal& who, const std::string& query,
                                                   const std::string& timezone, int limit) const;

  /// Part of a segment's durable bytes, fixed at this moment even if the segment grows.
  struct Piece {
    uint64_t durable_bytes = 0;
    std::optional<ByteRange> range;  ///< none: what was asked for deserves 416
    Stream bytes;                    ///< of the range
  };
  /// `range_header`: as the client sent it, empty for the whole. Errors: not_found, denied.
  [[nodiscard]] Result<Piece> segment(const Principal& who, const StreamKey& stream, WallTime start,
                                      const std::string& range_header) const;

 private:
  const index::Index& index_;
  const storage::Reader& reader_;
};

}  // namespace mj::server
