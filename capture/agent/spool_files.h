#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"

namespace mj::agent {

/// The few things a spool does to a folder of append-only files. An interface so that tests can cut the
/// power, fill the disk and damage bytes. Owner: main() or a test. Thread: one at a time.
class SpoolFiles {
 public:
  virtual ~SpoolFiles() = default;

  /// All names, sorted.
  [[nodiscard]] virtual Result<std::vector<std::string>> list() = 0;
  [[nodiscard]] virtual Result<Bytes> read(const std::string& file) = 0;
  /// Errors: corrupt (the file is shorter).
  [[nodiscard]] virtual Result<Bytes> read(const std::string& file, uint64_t offset, std::size_t size) = 0;
  /// A new file with its first bytes, durable together with its name. On an error it may be there or not.
  [[nodiscard]] virtual Result<void> create(const std::string& file, BytesView bytes) = 0;
  /// Durable when it returns well. On an error any part of `bytes` may be there: never append to it again.
  [[nodiscard]] virtual Result<void> append(const std::string& file, BytesView bytes) = 0;
  /// Makes durable whatever an earlier process left in it.
  [[nodiscard]] virtual Result<void> sync(const std::string& file) = 0;
  [[nodiscard]] virtual Result<void> truncate(const std::string& file, uint64_t size) = 0;
  [[nodiscard]] virtual Result<void> remove(const std::string& file) = 0;
  /// Bytes the disk has left for us.
  [[nodiscard]] virtual int64_t available() = 0;
};

/// A real folder, made with mode 0700 when it is missing. Errors: those of the file system.
[[nodiscard]] Result<std::unique_ptr<SpoolFiles>> open_spool_folder(const std::filesystem::path& folder);

/// Writes a small file, mode 0600, so that readers see the old or the new content. `durable`: and so that one
/// of both is there after a power cut.
[[nodiscard]] Result<void> replace_file(const std::filesystem::path& file, BytesView content, bool durable);
/// The content of a small file. Errors: not_found; invalid (more than 1 MiB).
[[nodiscard]] Result<std::string> read_small_file(const std::filesystem::path& file);

}  // namespace mj::agent
