#include "config/config.h"

namespace mj::config {

std::string Problem::to_string() const {
  std::string text = file;
  if (line > 0) text += fmt::format(":{}", line);
  if (!key.empty()) text += fmt::format(": {}", key);
  return text + ": " + expected;
}

}  // namespace mj::config
