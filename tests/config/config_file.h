#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "config/config.h"
#include "tests/support/temporary_directory.h"

namespace mj::config {

/// A folder of its own for each test, with one configuration file in it; gone with the test.
class ConfigFile : public testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, const std::string& text) const {
    return directory_.file(name, text);
  }

  LoadResult load_text(const std::string& text) const { return load(write("hall.toml", text)); }

  /// All problems, one per line, without the folder: "hall.toml:3: hall.id: ...".
  std::string problems_of(const std::string& text) const {
    std::string all;
    for (auto problem : load_text(text).problems) {
      problem.file = std::filesystem::path(problem.file).filename().string();
      all += problem.to_string() + "\n";
    }
    return all;
  }

  const test::TemporaryDirectory directory_;
  const std::filesystem::path& folder_ = directory_.path();
};

/// The smallest file that is right.
inline constexpr const char* kSmallest = R"(data_directory = "data"
[hall]
id = "hall"
[[stores]]
id = "s1"
path = "footage"
)";

inline std::string with(const std::string& more) {
  return kSmallest + more;
}

}  // namespace mj::config
