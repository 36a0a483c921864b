#include "index/ballast.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>

#include "index/unique_fd.h"

namespace mj::index {

Ballast::Ballast(std::filesystem::path file, uint64_t bytes) : file_(std::move(file)), bytes_(bytes) {}

bool Ballast::held() const {
  std::error_code error;
  return std::filesystem::file_size(file_, error) >= bytes_ && !error;
}

bool Ballast::release() {
  return unlink(file_.c_str()) == 0;
}

Result<void> Ballast::restore() {
  if (held()) return {};
  struct statvfs space {};
  if (statvfs(file_.parent_path().c_str(), &space) != 0) return fail_errno(errno, "ballast: statvfs");
  if (static_cast<uint64_t>(space.f_bavail) * space.f_frsize < 4 * bytes_) return {};
  const UniqueFd fd(open(file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd.valid()) return fail_errno(errno, "ballast: create");
  const int code = posix_fallocate(fd.get(), 0, static_cast<off_t>(bytes_));
  if (code == 0) return {};
  release();
  return fail_errno(code, "ballast: allocate");
}

}  // namespace mj::index
