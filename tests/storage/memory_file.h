#pragma once

#include <algorithm>

#include "storage/file_system.h"

namespace mj::storage {

/// A file that is nothing but bytes.
class MemoryFile final : public File {
 public:
  explicit MemoryFile(Bytes bytes) : bytes_(std::move(bytes)) {}
  Result<std::size_t> read(uint64_t offset, std::span<uint8_t> into) const override {
    if (offset >= bytes_.size()) return std::size_t{0};
    const std::size_t count = std::min<std::size_t>(into.size(), bytes_.size() - offset);
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), count, into.begin());
    return count;
  }
  Result<FileFacts> facts() const override { return FileFacts{bytes_.size(), true}; }
  Result<std::size_t> write(uint64_t, std::span<const BytesView>) override { return refuse(); }
  Result<void> sync() override { return refuse(); }
  Result<void> truncate(uint64_t) override { return refuse(); }
  Result<void> lock() override { return refuse(); }

 private:
  static tl::unexpected<Error> refuse() { return fail(ErrorKind::denied, "read only"); }
  Bytes bytes_;
};

}  // namespace mj::storage
