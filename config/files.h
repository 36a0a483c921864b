#pragma once

#include <filesystem>
#include <string>

#include "config/base/result.h"

namespace mj::config {

struct FileText {
  std::string text;
  bool world_readable = false;
};

/// The whole of a regular file of at most `max_bytes`. Does not wait for a pipe or a device. Errors:
/// not_found, denied, invalid (no regular file, too big).
[[nodiscard]] Result<FileText> read_file(const std::filesystem::path& path, size_t max_bytes);

}  // namespace mj::config
