#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

/// What storage asks of a file system, so that tests can own one that forgets and fails. Calls map one to one
/// to POSIX; each says what it makes durable, because nothing else does.
namespace mj::storage {

struct FileFacts {
  uint64_t bytes = 0;
  bool linked = true;  ///< false: deleted while it was open
};

/// An open file. Owner: whoever opened it. Thread: reads from any, writes from one at a time. Closing makes
/// nothing durable.
class File {
 public:
  virtual ~File() = default;
  /// Fills `into` from `offset`; returns how much, less only at the end of the file.
  [[nodiscard]] virtual Result<std::size_t> read(uint64_t offset, std::span<uint8_t> into) const = 0;
  /// One gathered write. May write less than asked; an error may still have written a part.
  [[nodiscard]] virtual Result<std::size_t> write(uint64_t offset, std::span<const BytesView> parts) = 0;
  /// fdatasync: contents and size are durable, the name is not.
  [[nodiscard]] virtual Result<void> sync() = 0;
  [[nodiscard]] virtual Result<void> truncate(uint64_t bytes) = 0;
  [[nodiscard]] virtual Result<FileFacts> facts() const = 0;
  /// Exclusive for this open file until it is closed, by whatever death. Errors: unavailable (someone has
  /// it).
  [[nodiscard]] virtual Result<void> lock() = 0;
};

struct Entry {
  enum class Kind { file, directory, other };
  std::string name;
  Kind kind = Kind::other;
};

struct Space {
  uint64_t free_bytes = 0;  ///< for us, not for root
  uint64_t total_bytes = 0;
};

/// A store's directory and what lies beneath. Paths are relative, "." is the directory itself; they never
/// leave it and follow no symbolic link. Changes of names are durable after sync_directory() of the directory
/// that holds them.
class Tree {
 public:
  virtual ~Tree() = default;
  [[nodiscard]] virtual Result<std::unique_ptr<File>> open(const std::string& path,
                                                           bool for_writing) const = 0;
  /// A new, empty file. Errors: invalid (it exists).
  [[nodiscard]] virtual Result<std::unique_ptr<File>> create(const std::string& path) = 0;
  /// Also well when it is there already.
  [[nodiscard]] virtual Result<void> make_directory(const std::string& path) = 0;
  /// Within one directory. Never replaces. Errors: invalid (`to` exists).
  [[nodiscard]] virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  [[nodiscard]] virtual Result<void> remove(const std::string& path) = 0;
  /// An empty one. Errors: invalid (it holds something).
  [[nodiscard]] virtual Result<void> remove_directory(const std::string& path) = 0;
  [[nodiscard]] virtual Result<void> sync_directory(const std::string& path) = 0;
  /// syncfs: everything written before, contents, sizes and names, is durable. An error does not say whose
  /// bytes were lost; sync() of the file they belong to says it once more.
  [[nodiscard]] virtual Result<void> sync_all() = 0;
  [[nodiscard]] virtual Result<std::vector<Entry>> list(const std::string& path) const = 0;
  [[nodiscard]] virtual Result<Space> space() const = 0;
  /// The path that this tree was opened by still leads here: nothing was unmounted, mounted over it or moved
  /// away.
  [[nodiscard]] virtual Result<void> check_place() const = 0;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  /// Errors: not_found, denied, internal.
  [[nodiscard]] virtual Result<std::shared_ptr<Tree>> open_tree(const std::filesystem::path& root) = 0;
};

/// The kernel's.
[[nodiscard]] FileSystem& posix_file_system();

/// Writes all of `parts`, however many calls it takes.
[[nodiscard]] Result<void> write_all(File& file, uint64_t offset, std::span<const BytesView> parts);
/// The whole of a small file. Errors: corrupt (more than `limit` bytes).
[[nodiscard]] Result<Bytes> read_whole(const File& file, uint64_t limit);

}  // namespace mj::storage
