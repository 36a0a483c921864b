#include "storage/file_system.h"

namespace mj::storage {

Result<void> write_all(File& file, uint64_t offset, std::span<const BytesView> parts) {
  std::vector<BytesView> left(parts.begin(), parts.end());
  std::size_t first = 0;
  while (first < left.size()) {
    if (left[first].empty()) {
      ++first;
      continue;
    }
    MJ_TRY(std::size_t written, file.write(offset, std::span(left).subspan(first)));
    if (written == 0) return fail(ErrorKind::internal, "the disk took no byte and gave no reason");
    offset += written;
    while (written > 0 && first < left.size()) {
      const std::size_t step = std::min(written, left[first].size());
      left[first] = left[first].subspan(step);
      written -= step;
      if (left[first].empty()) ++first;
    }
  }
  return {};
}

Result<Bytes> read_whole(const File& file, uint64_t limit) {
  MJ_TRY(const FileFacts facts, file.facts());
  if (facts.bytes > limit)
    return fail(ErrorKind::corrupt, "{} bytes where at most {} are expected", facts.bytes, limit);
  Bytes bytes(facts.bytes);
  MJ_TRY(const std::size_t got, file.read(0, bytes));
  bytes.resize(got);
  return bytes;
}

}  // namespace mj::storage
