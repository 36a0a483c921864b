#include "tests/support/camera_farm/faults.h"

#include <algorithm>
#include <stdexcept>

namespace mj::test::farm {

void Faults::set(const std::string& key, const std::string& value) {
  const struct {
    const char* name;
    double* at;
  } numbers[] = {{"drop_every", &drop_every},
                 {"hold_for", &hold_for},
                 {"stall_every", &stall_every},
                 {"stall_for", &stall_for},
                 {"jump_every", &jump_every},
                 {"jump_by", &jump_by},
                 {"garbage_every", &garbage_every},
                 {"garbage_bytes", &garbage_bytes},
                 {"loss", &loss},
                 {"corrupt", &corrupt},
                 {"drift_ppm", &drift_ppm},
                 {"switch_every", &switch_every},
                 {"reply_delay", &reply_delay}};
  for (const auto& number : numbers) {
    if (key != number.name) continue;
    *number.at = std::stod(value);
    return;
  }
  if (key == "refuse") {
    refuse = std::stoi(value);
  } else if (key == "switch_to") {
    switch_to = value;
  } else if (key == "start") {
    start_anywhere = value == "any";
  } else {
    throw std::invalid_argument("unknown fault " + key);
  }
}

void Faults::parse(std::string_view text, char separator) {
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    const std::string_view part = text.substr(0, end);
    const size_t equals = part.find('=');
    if (equals == std::string_view::npos) throw std::invalid_argument("not KEY=VALUE: " + std::string(part));
    set(std::string(part.substr(0, equals)), std::string(part.substr(equals + 1)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace mj::test::farm
