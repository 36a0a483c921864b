#pragma once

#include "storage/file_system.h"

namespace mj::storage {

/// A file's bytes through one buffer, for walking forward over small boxes with few reads.
/// Owner: one inspection; `file` must outlive it. Thread: one. Failure: the file's read errors, as they are.
class FileWindow {
 public:
  FileWindow(const File& file, uint64_t bytes) : file_(file), bytes_(bytes) {}
  [[nodiscard]] uint64_t bytes() const { return bytes_; }
  /// `count` bytes from `offset`, fewer at the end of the file. Valid until the next call.
  [[nodiscard]] Result<BytesView> at(uint64_t offset, std::size_t count);

 private:
  const File& file_;
  const uint64_t bytes_;
  Bytes buffer_;
  uint64_t begin_ = 0;  ///< offset of buffer_ in the file
};

}  // namespace mj::storage
