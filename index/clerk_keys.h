#pragma once

#include "index/sqlite.h"

namespace mj::index {

/// Makes clerks findable by how their names are read aloud (pinyin.h): those whose name is new or has
/// changed.
[[nodiscard]] Result<void> refresh_clerk_keys(Database& database);

}  // namespace mj::index
