#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "storage/file_system.h"

namespace mj::storage {

namespace {

constexpr mode_t kFileMode = 0640;
constexpr mode_t kDirectoryMode = 0750;
constexpr std::size_t kMaxParts = 64;  // of one gathered write; IOV_MAX is 1024

/// A file descriptor that closes itself.
class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};
using UniqueDir = std::unique_ptr<DIR, CloseDir>;

/// Calls again what a signal interrupted.
template <class Call>
auto retry(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

class PosixFile final : public File {
 public:
  PosixFile(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<std::size_t> read(uint64_t offset, std::span<uint8_t> into) const override {
    std::size_t done = 0;
    while (done < into.size()) {
      const ssize_t got = retry([&] {
        return ::pread(fd_.get(), into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
      });
      if (got < 0) return fail_errno(errno, "read " + path_);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

  Result<std::size_t> write(uint64_t offset, std::span<const BytesView> parts) override {
    std::array<iovec, kMaxParts> vectors;
    const std::size_t count = std::min(parts.size(), kMaxParts);
    for (std::size_t i = 0; i < count; ++i) {
      // iovec has no const; pwritev only reads.
      vectors[i] = {const_cast<uint8_t*>(parts[i].data()), parts[i].size()};
    }
    const ssize_t put = retry([&] {
      return ::pwritev(fd_.get(), vectors.data(), static_cast<int>(count), static_cast<off_t>(offset));
    });
    if (put < 0) return fail_errno(errno, "write " + path_);
    return static_cast<std::size_t>(put);
  }

  Result<void> sync() override {
    // Not tried again after EINTR or anything else: the kernel may have dropped the pages and call the next
    // one good.
    if (::fdatasync(fd_.get()) != 0) return fail_errno(errno, "fdatasync " + path_);
    return {};
  }

  Result<void> truncate(uint64_t bytes) override {
    if (retry([&] { return ::ftruncate(fd_.get(), static_cast<off_t>(bytes)); }) != 0) {
      return fail_errno(errno, "truncate " + path_);
    }
    return {};
  }

  Result<FileFacts> facts() const override {
    struct stat s {};
    if (::fstat(fd_.get(), &s) != 0) return fail_errno(errno, "stat " + path_);
    return FileFacts{static_cast<uint64_t>(s.st_size), s.st_nlink > 0};
  }

  Result<void> lock() override {
    if (::flock(fd_.get(), LOCK_EX | LOCK_NB) != 0) return fail_errno(errno, "lock " + path_);
    return {};
  }

 private:
  Fd fd_;
  std::string path_;
};

class PosixTree final : public Tree {
 public:
  PosixTree(Fd root, std::filesystem::path place) : root_(std::move(root)), place_(std::move(place)) {}

  Result<std::unique_ptr<File>> open(const std::string& path, bool for_writing) const override {
    MJ_TRY(Fd fd, open_beneath(path, for_writing ? O_RDWR : O_RDONLY, 0));
    struct stat s {};
    if (::fstat(fd.get(), &s) != 0) return fail_errno(errno, "stat " + path);
    if (!S_ISREG(s.st_mode)) return fail(ErrorKind::corrupt, "{} is not a regular file", path);
    return std::make_unique<PosixFile>(std::move(fd), path);
  }

  Result<std::unique_ptr<File>> create(const std::string& path) override {
    MJ_TRY(Fd fd, open_beneath(path, O_RDWR | O_CREAT | O_EXCL, kFileMode));
    return std::make_unique<PosixFile>(std::move(fd), path);
  }

  Result<void> make_directory(const std::string& path) override {
    MJ_TRY(const Place at, parent_of(path));
    if (::mkdirat(at.parent.get(), at.name.c_str(), kDirectoryMode) == 0 || errno == EEXIST) return {};
    return fail_errno(errno, "mkdir " + path);
  }

  Result<void> rename(const std::string& from, const std::string& to) override {
    MJ_TRY(const Place a, parent_of(from));
    MJ_TRY(const Place b, parent_of(to));
    if (::renameat2(a.parent.get(), a.name.c_str(), b.parent.get(), b.name.c_str(), RENAME_NOREPLACE) == 0)
      return {};
    if (errno == EEXIST) return fail(ErrorKind::invalid, "rename {}: {} exists", from, to);
    if (errno != EINVAL) return fail_errno(errno, "rename " + from);
    // A file system without RENAME_NOREPLACE (network, FUSE): the store's lock makes us its only writer.
    if (::faccessat(b.parent.get(), b.name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
      return fail(ErrorKind::invalid, "rename {}: {} exists", from, to);
    }
    if (::renameat(a.parent.get(), a.name.c_str(), b.parent.get(), b.name.c_str()) == 0) return {};
    return fail_errno(errno, "rename " + from);
  }

  Result<void> remove(const std::string& path) override {
    MJ_TRY(const Place at, parent_of(path));
    if (::unlinkat(at.parent.get(), at.name.c_str(), 0) == 0) return {};
    return fail_errno(errno, "unlink " + path);
  }

  Result<void> remove_directory(const std::string& path) override {
    MJ_TRY(const Place at, parent_of(path));
    if (::unlinkat(at.parent.get(), at.name.c_str(), AT_REMOVEDIR) == 0) return {};
    if (errno == ENOTEMPTY || errno == EEXIST) return fail(ErrorKind::invalid, "{} is not empty", path);
    return fail_errno(errno, "rmdir " + path);
  }

  Result<void> sync_directory(const std::string& path) override {
    MJ_TRY(const Fd fd, open_beneath(path, O_RDONLY | O_DIRECTORY, 0));
    if (::fsync(fd.get()) != 0) return fail_errno(errno, "fsync directory " + path);
    return {};
  }

  Result<void> sync_all() override {
    if (::syncfs(root_.get()) != 0) return fail_errno(errno, "syncfs " + place_.string());
    return {};
  }

  Result<std::vector<Entry>> list(const std::string& path) const override {
    MJ_TRY(Fd fd, open_beneath(path, O_RDONLY | O_DIRECTORY, 0));
    UniqueDir dir(::fdopendir(fd.get()));
    if (!dir) return fail_errno(errno, "list " + path);
    static_cast<void>(fd.release());  // closedir closes it
    std::vector<Entry> entries;
    errno = 0;
    while (const dirent* entry = ::readdir(dir.get())) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") entries.push_back({std::string(name), kind_of(dir.get(), *entry)});
      errno = 0;
    }
    if (errno != 0) return fail_errno(errno, "list " + path);
    return entries;
  }

  Result<Space> space() const override {
    struct statvfs s {};
    if (::fstatvfs(root_.get(), &s) != 0) return fail_errno(errno, "statvfs " + place_.string());
    return Space{s.f_bavail * s.f_frsize, s.f_blocks * s.f_frsize};
  }

  Result<void> check_place() const override {
    struct stat there {
    }, here{};
    if (::stat(place_.c_str(), &there) != 0) return fail_errno(errno, place_.string());
    if (::fstat(root_.get(), &here) != 0) return fail_errno(errno, place_.string());
    if (there.st_dev == here.st_dev && there.st_ino == here.st_ino) return {};
    return fail(ErrorKind::unavailable, "another disk or directory lies at {}", place_.string());
  }

 private:
  struct Place {
    Fd parent;
    std::string name;
  };

  static Entry::Kind kind_of(DIR* dir, const dirent& entry) {
    if (entry.d_type == DT_REG) return Entry::Kind::file;
    if (entry.d_type == DT_DIR) return Entry::Kind::directory;
    struct stat s {};
    if (entry.d_type != DT_UNKNOWN || ::fstatat(::dirfd(dir), entry.d_name, &s, AT_SYMLINK_NOFOLLOW) != 0) {
      return Entry::Kind::other;
    }
    return S_ISREG(s.st_mode)   ? Entry::Kind::file
           : S_ISDIR(s.st_mode) ? Entry::Kind::directory
                                : Entry::Kind::other;
  }

  Result<Fd> open_beneath(const std::string& path, int flags, mode_t mode) const {
    open_how how{};
    how.flags = static_cast<uint64_t>(flags | O_CLOEXEC);
    how.mode = mode;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
    const long fd =
        retry([&] { return ::syscall(SYS_openat2, root_.get(), path.c_str(), &how, sizeof how); });
    if (fd >= 0) return Fd(static_cast<int>(fd));
    if (errno == EEXIST) return fail(ErrorKind::invalid, "create {}: it exists", path);
    if (errno == EXDEV || errno == ELOOP) {
      return fail(ErrorKind::denied, "open {}: the path leaves the store or goes through a symbolic link",
                  path);
    }
    return fail_errno(errno, "open " + path);
  }

  Result<Place> parent_of(const std::string& path) const {
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) {
      MJ_TRY(Fd parent, open_beneath(".", O_PATH | O_DIRECTORY, 0));
      return Place{std::move(parent), path};
    }
    MJ_TRY(Fd parent, open_beneath(path.substr(0, slash), O_PATH | O_DIRECTORY, 0));
    return Place{std::move(parent), path.substr(slash + 1)};
  }

  Fd root_;
  std::filesystem::path place_;
};

class PosixFileSystem final : public FileSystem {
 public:
  Result<std::shared_ptr<Tree>> open_tree(const std::filesystem::path& root) override {
    // The store's own path comes from the operator and may be a symbolic link; what is beneath may not.
    Fd fd(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd.get() < 0) return fail_errno(errno, "open " + root.string());
    return std::make_shared<PosixTree>(std::move(fd), root);
  }
};

}  // namespace

FileSystem& posix_file_system() {
  static PosixFileSystem files;  // has no state: an accessor, not a singleton with a life
  return files;
}

}  // namespace mj::storage
