#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "index/footage.h"
#include "index/ledger.h"
#include "index/model.h"
#include "index/mutex.h"

namespace mj::index {

/// A segment whose row is not committed yet: still open, or closed a moment ago.
struct LiveSegment {
  storage::SegmentRef segment;
  std::shared_ptr<const capture::Run> run;
  uint32_t header_bytes = 0;
  uint64_t durable_bytes = 0;  ///< end of the last durable fragment
  WallTime end;                ///< of the last durable fragment
  std::vector<storage::FragmentPlace> fragments;
};

/// A gap change on its way to the database.
struct NumberedChange {
  uint64_t number = 0;
  GapChange change;
};

/// What the tail knows of one stream at one instant.
struct TailView {
  bool known = false;
  std::vector<LiveSegment> segments;  ///< that overlap the asked interval, by start
  std::vector<GapChange> pending;     ///< not committed yet, in order
  std::optional<WallTime> footage_end;
  std::optional<Gap> open_gap;
  Duration patience{0};
};

/// The end of the index that is younger than its last commit, so that a durable fragment is found at once.
/// Owner: Index. Threads: all members are thread-safe; calls for one stream come in order from one thread
/// (storage's). Does not: touch the database. Readers take a view first and read the database after it: then
/// a row that is committed in between is seen twice, never missed. Bounded by the open segments and by the
/// writer's queue. Cannot fail.
class Tail {
 public:
  /// Takes up a stream where its rows left off.
  void resume(const StreamEnd& end);

  void segment_opened(storage::SegmentOpened opened);
  /// The gap changes that this fragment brings about; the caller has them committed, then calls
  /// forget_change().
  [[nodiscard]] std::vector<NumberedChange> fragment_durable(const storage::FragmentDurable& durable);
  /// What the row must say; nothing when the segment was never opened here. Its entry stays until
  /// forget_segment().
  [[nodiscard]] std::optional<LiveSegment> segment_closed(const storage::SegmentClosed& closed);
  [[nodiscard]] std::vector<NumberedChange> outage(const capture::Outage& outage);
  /// Footage that was found in a file, in order: the same rules as for live footage.
  [[nodiscard]] std::vector<NumberedChange> recovered(const StreamKey& stream,
                                                      const std::vector<storage::FragmentPlace>& places);

  void forget_segment(const StreamKey& stream, WallTime start);
  void forget_change(const StreamKey& stream, uint64_t number);

  [[nodiscard]] TailView view(const StreamKey& stream, WallTime from, WallTime to) const;
  [[nodiscard]] std::optional<LiveSegment> segment(const StreamKey& stream, WallTime start) const;
  [[nodiscard]] std::shared_ptr<const capture::Run> run(const StreamKey& stream, WallTime run_start) const;

 private:
  struct Stream {
    explicit Stream(StreamKind kind) : ledger(kind) {}
    StreamLedger ledger;
    std::map<WallTime, LiveSegment> segments;
    std::vector<NumberedChange> pending;
  };

  [[nodiscard]] Stream& stream(const StreamKey& key) MJ_REQUIRES(mutex_);
  [[nodiscard]] const Stream* find(const StreamKey& key) const MJ_REQUIRES(mutex_);
  [[nodiscard]] std::vector<NumberedChange> numbered(Stream& stream, std::vector<GapChange> changes)
      MJ_REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::unordered_map<StreamKey, Stream> streams_ MJ_GUARDED_BY(mutex_);
  uint64_t next_number_ MJ_GUARDED_BY(mutex_) = 1;
};

/// The kind a key ends in: ".main", ".sub", ".screen". Keys without one count as main.
[[nodiscard]] StreamKind kind_of_key(const StreamKey& key);

}  // namespace mj::index
