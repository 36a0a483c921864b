#include "config/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace mj::config {
namespace {

/// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return number_; }

 private:
  const int number_;
};

}  // namespace

Result<FileText> read_file(const std::filesystem::path& path, size_t max_bytes) {
  // O_NONBLOCK: opening a pipe must not wait for somebody to write to it.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.get() < 0) return fail_errno(errno, "cannot be opened");
  struct stat facts {};
  if (::fstat(file.get(), &facts) != 0) return fail_errno(errno, "cannot be looked at");
  if (!S_ISREG(facts.st_mode)) return fail(ErrorKind::invalid, "is not a regular file");

  FileText result;
  result.world_readable = (facts.st_mode & S_IROTH) != 0;
  result.text.resize(max_bytes + 1);  // the size is what read() says, not what fstat() said a moment ago
  size_t filled = 0;
  while (filled < result.text.size()) {
    const ssize_t count = ::read(file.get(), result.text.data() + filled, result.text.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno(errno, "cannot be read");
    if (count == 0) break;
    filled += static_cast<size_t>(count);
  }
  if (filled > max_bytes) return fail(ErrorKind::invalid, "is larger than {} bytes", max_bytes);
  result.text.resize(filled);
  result.text.shrink_to_fit();
  return result;
}

}  // namespace mj::config
