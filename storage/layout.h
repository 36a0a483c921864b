#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "storage/storage.h"

/// Names on disk, and nothing else: <stream>/<yyyymmdd>/<start_us>.mp4[.part], relative to the store's
/// directory. The day is the UTC day of the segment's start, so that a path follows from a SegmentRef alone
/// and needs no look-up.
namespace mj::storage {

/// The file that makes a directory a store (storage law 4).
inline constexpr std::string_view kMarkerFile = ".mingjing-store";
/// Written and removed to prove that a store takes bytes.
inline constexpr std::string_view kProbeFile = ".mingjing-probe";

/// [a-z0-9-]{1,48} followed by ".main", ".sub" or ".screen"; everything else is no directory of ours.
[[nodiscard]] bool is_stream_key(std::string_view text);

/// "counter-1.main/20261121".
[[nodiscard]] std::string day_directory(const SegmentRef& segment);
/// "counter-1.main/20261121/1795225512000000.mp4" or, when `segment.open`, with ".part" behind.
[[nodiscard]] std::string segment_path(const SegmentRef& segment);
/// The same file with `open` as given.
[[nodiscard]] std::string segment_path(const SegmentRef& segment, bool open);

/// The reverse, from the three parts of a path. None when the name is not exactly what segment_path() makes.
[[nodiscard]] std::optional<SegmentRef> parse_segment_path(std::string_view store, std::string_view stream,
                                                           std::string_view day, std::string_view file);

}  // namespace mj::storage
