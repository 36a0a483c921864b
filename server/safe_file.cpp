#include "server/safe_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace mj::server {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  const int fd_;
};

Result<void> write_and_sync(const std::filesystem::path& file, std::string_view text, mode_t mode) {
  const Descriptor out(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (out.get() < 0) return fail_errno(errno, "create " + file.string());
  while (!text.empty()) {
    const ssize_t written = ::write(out.get(), text.data(), text.size());
    if (written < 0 && errno != EINTR) return fail_errno(errno, "write " + file.string());
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(out.get()) != 0) return fail_errno(errno, "sync " + file.string());
  return {};
}

}  // namespace

Result<void> write_whole(const std::filesystem::path& file, std::string_view text, mode_t mode) {
  std::filesystem::path temporary = file;
  temporary += ".new";
  ::unlink(temporary.c_str());  // of a crash before
  if (auto written = write_and_sync(temporary, text, mode); !written) {
    ::unlink(temporary.c_str());
    return written;
  }
  if (::rename(temporary.c_str(), file.c_str()) != 0) return fail_errno(errno, "rename to " + file.string());
  const Descriptor directory(::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0 || ::fsync(directory.get()) != 0)
    return fail_errno(errno, "sync " + file.parent_path().string());
  return {};
}

}  // namespace mj::server
