#pragma once

namespace mj::server {

/// The project's version, from the root CMakeLists.txt.
[[nodiscard]] const char* version();

}  // namespace mj::server
