#pragma once

#include <filesystem>
#include <string_view>

#include "config/table_reader.h"

/// Secrets of the configuration: written in place, in a file of their own, or in the environment.
/// None of these functions ever puts a secret's text into a problem or into the log.
namespace mj::config {

enum class SecretUse {
  password,  ///< any one line of text; may be absent
  token,     ///< a bearer token: at least 16 visible ASCII characters; must be there
};

/// Reads `name`, `name`_file or `name`_env of a table, whichever one is there. Relative paths start at
/// `folder`. A secret file that others can read is a warning in the log.
[[nodiscard]] Secret read_secret(TableReader& reader, std::string_view name, SecretUse use,
                                 const std::filesystem::path& folder);

}  // namespace mj::config
