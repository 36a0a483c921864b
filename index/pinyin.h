#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace mj::index {

/// Reads Chinese names aloud, so that 王芳 is found by wangfang and wf.
/// Owner: whoever makes names findable, for as long as that takes: ICU builds a table of some megabytes.
/// Thread: one. Does not: guess who is meant. Failure: open() says what ICU misses; a character without a
/// reading stays itself.
class Pinyin {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Pinyin>> open();
  ~Pinyin();
  Pinyin(const Pinyin&) = delete;
  Pinyin& operator=(const Pinyin&) = delete;

  /// The whole reading and the initials, small letters without tones: "wangfang", "wf". Where a surname is
  /// read otherwise than the character usually is (单 shan, dan), both. Empty for a name without Chinese
  /// characters.
  [[nodiscard]] std::vector<std::string> keys_of(std::string_view name) const;

 private:
  struct Impl;
  explicit Pinyin(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mj::index
