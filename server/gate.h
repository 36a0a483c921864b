#pragma once

#include <string>
#include <vector>

#include "index/index.h"
#include "index/search.h"
#include "server/byte_range.h"
#include "server/message.h"
#include "server/views.h"

namespace mj::server {

/// The one place through which footage and its facts leave: fragment index, init segments, segment bytes,
/// shots, window titles; cases; and the register itself. It lets in only proven people, and before anything
/// leaves the register says who took what of which interval (see Views for what adds nothing to it). Nothing
/// else in this module calls these functions of index::Index or storage::Reader. Owner: the Server; index and
/// reader must outlive it. Threads: any; everything blocks, so call it on the work pool. Failure: denied for
/// everybody who is not a person; no_space or unavailable when it cannot be registered.
class Gate {
 public:
  Gate(index::Index& index, const storage::Reader& reader, const Clock& clock)
      : index_(index), reader_(reader), views_(index, clock) {}

  [[nodiscard]] Result<std::vector<index::IndexedSegment>> fragments(const Principal& who,
                                                                     const StreamKey& stream, WallTime from,
                                                                     WallTime to);
  [[nodiscard]] Result<std::vector<index::ShotRow>> shots(const Principal& who, const StreamKey& stream,
                                                          WallTime from, WallTime to, int limit);
  [[nodiscard]] Result<index::RunInit> run_init(const Principal& who, const StreamKey& stream,
                                                WallTime run_start);

  /// Window titles are facts of footage, so what a search finds leaves here too. `timezone` and `limit` as
  /// for index::Search.
  [[nodiscard]] Result<index::SearchAnswer> search(const Principal& who, const std::string& query,
                                                   const std::string& timezone, int limit);

  /// Cases tell who was served by whom, and when: which one was opened, and what was looked for.
  [[nodiscard]] Result<index::CaseAnswer> case_answer(const Principal& who, const std::string& number);
  [[nodiscard]] Result<std::vector<index::CaseHit>> search_cases(const Principal& who,
                                                                 const std::string& query, int limit,
                                                                 const index::CaseCursor& after);

  /// Who looked at what; reading it is registered too.
  [[nodiscard]] Result<index::Register::Page> read_register(const Principal& who,
                                                            const index::Register::Filter& filter);

  /// Part of a segment's durable bytes, fixed at this moment even if the segment grows.
  struct Piece {
    uint64_t durable_bytes = 0;
    std::optional<ByteRange> range;  ///< none: what was asked for deserves 416
    Stream bytes;                    ///< of the range
  };
  /// `range_header`: as the client sent it, empty for the whole. Errors: not_found, denied.
  [[nodiscard]] Result<Piece> segment(const Principal& who, const StreamKey& stream, WallTime start,
                                      const std::string& range_header);

 private:
  /// Of a segment that the caller may not have been told of by fragments().
  [[nodiscard]] Result<void> open_segment(const Principal& who, const StreamKey& stream, WallTime start);

  index::Index& index_;
  const storage::Reader& reader_;
  Views views_;
};

}  // namespace mj::server
