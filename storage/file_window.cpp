#include "storage/file_window.h"

namespace mj::storage {

namespace {
constexpr std::size_t kReadAhead = 4096;  // prft, shot and moof of the next fragment, mostly
}

Result<BytesView> FileWindow::at(uint64_t offset, std::size_t count) {
  if (offset >= bytes_) return BytesView{};
  count = std::min<uint64_t>(count, bytes_ - offset);
  if (offset < begin_ || offset + count > begin_ + buffer_.size()) {
    buffer_.resize(std::min<uint64_t>(std::max(count, kReadAhead), bytes_ - offset));
    begin_ = offset;
    MJ_TRY(const std::size_t got, file_.read(offset, buffer_));
    buffer_.resize(got);
  }
  const BytesView all = buffer_;
  return all.subspan(offset - begin_, std::min<std::size_t>(count, all.size() - (offset - begin_)));
}

}  // namespace mj::storage
