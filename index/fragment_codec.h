#pragma once

#include <vector>

#include "storage/storage.h"

/// The places of a segment's fragments in few bytes: 20 million rows carry one such blob each.
///
/// Layout: varint n; then six columns of n (the last: only those that begin with a key) unsigned numbers,
/// each packed as varint minimum; one byte of bits per value; unless that is 0 or 128 was added to it
/// (step is 1), varint step; then
/// (value − minimum) / step, most significant bit first, padded to a whole byte. Columns, in order:
///   1. distance in µs from the end of the fragment before (from the segment's start for the first), zigzag
///   2. duration in µs, zigzag
///   3. audio bytes (all bytes − video bytes)
///   4. video bytes
///   5. 1: begins with a key frame
///   6. key bytes
/// Offsets are not stored: fragments follow each other from header_bytes on.
namespace mj::index {

/// Fragments of one segment, in order, without space between. Errors: invalid (not so, or beyond the limits
/// below).
[[nodiscard]] Result<Bytes> encode_fragments(const std::vector<storage::FragmentPlace>& fragments,
                                             WallTime segment_start, uint32_t header_bytes);

/// Errors: corrupt. Safe on any bytes: never more than kMaxFragments, no number out of range.
[[nodiscard]] Result<std::vector<storage::FragmentPlace>> decode_fragments(BytesView blob,
                                                                           WallTime segment_start,
                                                                           uint32_t header_bytes);

/// True when no fragment begins later than the one before ended: coverage then needs no more than start and
/// end.
[[nodiscard]] bool fragments_touch(BytesView blob);

inline constexpr size_t kMaxFragments = 100'000;  ///< in one segment

}  // namespace mj::index
