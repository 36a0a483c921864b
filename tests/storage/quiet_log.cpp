#include <gtest/gtest.h>

#include "config/config.h"

namespace {

/// Thousands of disks fail in these tests, each with a line in the log.
class QuietLog : public testing::Environment {
 public:
  void SetUp() override { spdlog::set_level(spdlog::level::off); }
};

[[maybe_unused]] const testing::Environment* const quiet =
    testing::AddGlobalTestEnvironment(new QuietLog);  // GoogleTest owns it

}  // namespace
