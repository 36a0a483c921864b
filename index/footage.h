#pragma once

#include <map>
#include <string>
#include <vector>

#include "index/coverage.h"
#include "index/ledger.h"
#include "index/model.h"
#include "index/sqlite.h"

/// Rows of streams, runs, segments, gaps and shots. Functions of a connection; whoever calls them holds the
/// transaction. All writes may be repeated without harm, because a commit that failed is tried again.
namespace mj::index {

class VisitUpdate;

struct StreamRow {
  int64_t id = 0;
  StreamKey key;
  StreamKind kind = StreamKind::main;
  std::string device, name, purpose, legal_basis;
  WallTime configured;
  std::optional<WallTime> removed;
};

struct SegmentRow {
  storage::SegmentRef segment;
  WallTime run_start, end;
  uint64_t bytes = 0;
  uint32_t header_bytes = 0;
  Digest sha256{};
  bool suspect = false;
  std::vector<storage::FragmentPlace> fragments;
};

/// Where the rows of a stream end.
struct StreamEnd {
  StreamRow stream;
  std::optional<WallTime> footage_end;
  std::optional<WallTime> accounted;  ///< end of the last footage or closed gap, whichever is later
  std::optional<Gap> open_gap;
};

/// No segment is longer; how far before an interval one must look for a segment that reaches into it.
inline constexpr Duration kLongestSegment = std::chrono::hours(1);

// --- writes --------------------------------------------------------------------------------------

/// The stream's row id; footage of a stream that no settings named makes a row for it, configured since
/// `since`.
[[nodiscard]] Result<int64_t> ensure_stream(Database& database, const StreamKey& key, WallTime since);
[[nodiscard]] Result<void> put_run(Database& database, const capture::Run& run);
[[nodiscard]] Result<void> put_segment(Database& database, const SegmentRow& row);
/// The same, its places packed before, on any thread.
[[nodiscard]] Result<void> put_segment(Database& database, const SegmentRow& row, BytesView places);
/// What the row keeps of its fragments. Errors: invalid, as encode_fragments().
[[nodiscard]] Result<Bytes> place_list(const SegmentRow& row);
[[nodiscard]] Result<void> remove_segment(Database& database, const StreamKey& key, WallTime start);
/// What its title changes for visits is left to the caller: `visits` is to be worked off in the same
/// transaction, once for many shots.
[[nodiscard]] Result<void> put_shot(Database& database, const StreamKey& key, WallTime at,
                                    const capture::ShotFacts& facts, VisitUpdate& visits);
/// Entry `ref` of an agent is here now, and with it all before it.
struct PutEntry {
  const capture::EntryRef* ref = nullptr;
  WallTime at{};
  std::string state = {}, detail = {};  ///< when it said that there is no picture
  Duration nominal{0}, configured{0};   ///< of a shot
  bool in_order = true;                 ///< live; not found in a file
};
/// Does nothing for what no agent numbered, nor for what is not newer.
[[nodiscard]] Result<void> put_entry(Database& database, const StreamKey& stream, const PutEntry& entry);
/// A shot's facts and its number.
[[nodiscard]] Result<void> put_shot_entry(Database& database, const StreamKey& key, WallTime at,
                                          const capture::ShotFacts& facts, bool in_order,
                                          VisitUpdate& visits);
[[nodiscard]] Result<void> put_clock_offset(Database& database, const capture::ClockOffset& offset);
[[nodiscard]] Result<void> change_gap(Database& database, const StreamKey& key, const GapChange& change);

/// Of a column; what is missing is zero.
[[nodiscard]] Digest digest_of(BytesView bytes);

// --- reads ---------------------------------------------------------------------------------------

[[nodiscard]] Result<std::optional<StreamRow>> find_stream(Database& database, const StreamKey& key);
[[nodiscard]] Result<std::vector<StreamRow>> all_streams(Database& database);
[[nodiscard]] Result<StreamEnd> stream_end(Database& database, const StreamRow& stream);
/// That overlap [from, to), by start.
[[nodiscard]] Result<std::vector<SegmentRow>> segments_between(Database& database, const StreamRow& stream,
                                                               WallTime from, WallTime to);
[[nodiscard]] Result<std::optional<SegmentRow>> segment_at(Database& database, const StreamRow& stream,
                                                           WallTime start);
/// What of [from, to) is footage, fragment by fragment.
[[nodiscard]] Result<std::vector<Span>> footage_between(Database& database, const StreamRow& stream,
                                                        WallTime from, WallTime to);
[[nodiscard]] Result<std::vector<Gap>> gaps_between(Database& database, const StreamRow& stream,
                                                    WallTime from, WallTime to);
/// What the rows know of the ledger of [from, to): all but how far it reaches (now, footage_end, patience).
[[nodiscard]] Result<CoverageFacts> coverage_rows(Database& database, const StreamRow& stream, WallTime from,
                                                  WallTime to);
[[nodiscard]] Result<std::optional<RunInit>> run_at(Database& database, const StreamRow& stream,
                                                    WallTime start);
/// Measured in [from, to), by time.
[[nodiscard]] Result<std::vector<capture::ClockOffset>> clock_offsets_between(Database& database,
                                                                              const StreamRow& stream,
                                                                              WallTime from, WallTime to);
[[nodiscard]] Result<std::vector<ShotRow>> shots_between(Database& database, const StreamRow& stream,
                                                         WallTime from, WallTime to, int limit);

}  // namespace mj::index
