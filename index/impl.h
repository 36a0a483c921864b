#pragma once

#include <memory>

#include "index/footage.h"
#include "index/index.h"
#include "index/reader_pool.h"
#include "index/tail.h"
#include "index/unique_fd.h"
#include "index/writer.h"

namespace mj::index {

/// Fragments that touch, as one span each.
[[nodiscard]] std::vector<Span> spans_of(const std::vector<storage::FragmentPlace>& fragments);

/// A closed file as it is, an interrupted one recovered first; with its hash.
[[nodiscard]] Result<storage::FoundSegment> read_finished(const config::Store& store,
                                                          const storage::SegmentRef& segment);

/// What an Index is made of. The writer goes first at the end, because what it still commits tells the tail.
struct Index::Impl {
  Impl(const Clock& used_clock, UniqueFd held_lock) : clock(used_clock), lock(std::move(held_lock)) {}

  /// Has gap changes committed and then forgotten by the tail.
  void post(const StreamKey& stream, std::vector<NumberedChange> changes);
  /// The same at once, together with `rows`.
  [[nodiscard]] Result<void> commit(const StreamKey& stream, const std::vector<NumberedChange>& changes,
                                    const Writer::Command& rows);
  /// Rows and tail together. The tail is looked at first: see Tail.
  [[nodiscard]] Result<Coverage> coverage(const StreamKey& stream, WallTime from, WallTime to);
  /// The row of a stream that the tail may know before the database does.
  [[nodiscard]] static Result<std::optional<StreamRow>> stream_row(Database& database,
                                                                   const StreamKey& stream,
                                                                   bool known_to_tail);
  /// Makes rows of a file that has none, under the rules of live footage.
  [[nodiscard]] Result<void> adopt(const storage::FoundSegment& found, bool suspect);

  const Clock& clock;
  UniqueFd lock;
  Tail tail;
  std::unique_ptr<ReaderPool> readers;
  std::unique_ptr<Writer> writer;
};

}  // namespace mj::index
