#pragma once

#include "storage/file_system.h"
#include "storage/storage.h"

/// The insides of storage.h's inspect(), recover() and list_segments(), on any file system.
namespace mj::storage {

/// Head of a file: ftyp, moov and label together.
inline constexpr uint64_t kMaxHeadBytes = 2 << 20;
inline constexpr std::size_t kMaxFragments = 65'536;  // of one segment, written or found; a minute has sixty

[[nodiscard]] Result<FoundSegment> inspect_file(const File& file, const SegmentRef& segment, bool with_hash);
[[nodiscard]] Result<FoundSegment> recover_in(Tree& tree, const SegmentRef& segment);
[[nodiscard]] Result<std::vector<SegmentRef>> list_in(const Tree& tree, const std::string& store,
                                                      std::vector<std::string>* strangers);

}  // namespace mj::storage
