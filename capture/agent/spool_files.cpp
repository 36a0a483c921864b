#include "capture/agent/spool_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>

namespace mj::agent {

namespace {

namespace fs = std::filesystem;

constexpr mode_t kOwnerOnly = 0600;
constexpr uint64_t kMaxSmallFile = 1U << 20;

class File {
 public:
  static Result<File> open(const fs::path& path, int flags) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC, kOwnerOnly);
    if (fd < 0) return fail_errno(errno, path.filename().string());
    return File(fd, path.filename().string());
  }
  File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)), name_(std::move(other.name_)) {}
  File& operator=(File&&) = delete;
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }

  Result<void> write(BytesView bytes) const {
    while (!bytes.empty()) {
      const ssize_t done = ::write(fd_, bytes.data(), bytes.size());
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) return error("write ");
      bytes = bytes.subspan(static_cast<std::size_t>(done));
    }
    return {};
  }
  Result<void> sync() const {
    if (::fsync(fd_) != 0) return error("sync ");
    return {};
  }
  Result<void> truncate(uint64_t size) const {
    if (::ftruncate(fd_, static_cast<off_t>(size)) != 0) return error("truncate ");
    return {};
  }
  Result<uint64_t> size() const {
    struct stat status {};
    if (::fstat(fd_, &status) != 0) return error("look at ");
    return static_cast<uint64_t>(status.st_size);
  }
  Result<Bytes> read(uint64_t offset, std::size_t size) const {
    Bytes bytes(size);
    for (std::size_t got = 0; got < size;) {
      const ssize_t done = ::pread(fd_, bytes.data() + got, size - got, static_cast<off_t>(offset + got));
      if (done < 0 && errno == EINTR) continue;
      if (done < 0 && errno == EIO) return fail(ErrorKind::corrupt, "{} has bad sectors", name_);
      if (done < 0) return error("read ");
      if (done == 0) return fail(ErrorKind::corrupt, "{} is shorter than it was", name_);
      got += static_cast<std::size_t>(done);
    }
    return bytes;
  }

 private:
  File(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}
  [[nodiscard]] tl::unexpected<Error> error(const char* doing) const {
    return fail_errno(errno, doing + name_);
  }
  int fd_;
  std::string name_;
};

Result<void> sync_folder(const fs::path& folder) {
  MJ_TRY(const File directory, File::open(folder, O_RDONLY | O_DIRECTORY));
  return directory.sync();
}

class Folder final : public SpoolFiles {
 public:
  explicit Folder(fs::path folder) : folder_(std::move(folder)) {}

  Result<std::vector<std::string>> list() override {
    std::error_code error;
    std::vector<std::string> names;
    for (fs::directory_iterator entry(folder_, error), end; !error && entry != end; entry.increment(error)) {
      names.push_back(entry->path().filename().string());
    }
    if (error) return fail_errno(error.value(), "list " + folder_.string());
    std::ranges::sort(names);
    return names;
  }
  Result<Bytes> read(const std::string& file) override {
    MJ_TRY(const File opened, File::open(folder_ / file, O_RDONLY));
    MJ_TRY(const uint64_t size, opened.size());
    return opened.read(0, size);
  }
  Result<Bytes> read(const std::string& file, uint64_t offset, std::size_t size) override {
    MJ_TRY(const File opened, File::open(folder_ / file, O_RDONLY));
    return opened.read(offset, size);
  }
  Result<void> create(const std::string& file, BytesView bytes) override {
    MJ_TRY(const File opened, File::open(folder_ / file, O_WRONLY | O_CREAT | O_EXCL));
    MJ_CHECK(opened.write(bytes));
    MJ_CHECK(opened.sync());
    return sync_folder(folder_);
  }
  Result<void> append(const std::string& file, BytesView bytes) override {
    MJ_TRY(const File opened, File::open(folder_ / file, O_WRONLY | O_APPEND));
    MJ_CHECK(opened.write(bytes));
    return opened.sync();
  }
  Result<void> sync(const std::string& file) override {
    MJ_TRY(const File opened, File::open(folder_ / file, O_RDWR));
    MJ_CHECK(opened.sync());
    return sync_folder(folder_);
  }
  Result<void> truncate(const std::string& file, uint64_t size) override {
    MJ_TRY(const File opened, File::open(folder_ / file, O_WRONLY));
    MJ_CHECK(opened.truncate(size));
    return opened.sync();
  }
  Result<void> remove(const std::string& file) override {
    if (::unlink((folder_ / file).c_str()) != 0) return fail_errno(errno, "remove " + file);
    return sync_folder(folder_);
  }
  int64_t available() override {
    struct statvfs status {};
    if (::statvfs(folder_.c_str(), &status) != 0) return 0;
    return static_cast<int64_t>(status.f_bavail * status.f_frsize);
  }

 private:
  const fs::path folder_;
};

}  // namespace

Result<std::unique_ptr<SpoolFiles>> open_spool_folder(const fs::path& folder) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return fail_errno(errno, "make " + folder.string());
  return std::make_unique<Folder>(folder);
}

Result<void> replace_file(const fs::path& file, BytesView content, bool durable) {
  const fs::path fresh = file.string() + ".new";
  {
    MJ_TRY(const File opened, File::open(fresh, O_WRONLY | O_CREAT | O_TRUNC));
    MJ_CHECK(opened.write(content));
    if (durable) MJ_CHECK(opened.sync());
  }
  if (::rename(fresh.c_str(), file.c_str()) != 0) return fail_errno(errno, "rename " + fresh.string());
  return durable ? sync_folder(file.parent_path()) : Result<void>{};
}

Result<std::string> read_small_file(const fs::path& file) {
  MJ_TRY(const File opened, File::open(file, O_RDONLY));
  MJ_TRY(const uint64_t size, opened.size());
  if (size > kMaxSmallFile) return fail(ErrorKind::invalid, "{} is too large", file.string());
  MJ_TRY(const Bytes bytes, opened.read(0, size));
  return std::string(as_text(bytes));
}

}  // namespace mj::agent
