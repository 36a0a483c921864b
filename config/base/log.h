#pragma once

#include <spdlog/spdlog.h>

#include <string_view>

namespace mj {

/// Sets up the process's one logger: UTC times, level, thread name, to standard error. Call once, first in
/// main(). `level`: "debug", "info", "warn" or "error".
void init_log(std::string_view level);

/// Names the calling thread (≤ 15 characters) for `top -H`, gdb and the log.
void name_thread(const char* thread_name);

}  // namespace mj
