#include "index/model.h"

namespace mj::index {

std::string sentence(const Purged& purged) {
  if (!purged.when) return purged.rule + ", being deleted";
  return fmt::format("{}, deleted on {}", purged.rule, format_rfc3339(*purged.when).substr(0, 10));
}

const char* name(FootageState state) {
  switch (state) {
    case FootageState::footage:
      return "footage";
    case FootageState::gap:
      return "gap";
    case FootageState::purged:
      return "purged";
    case FootageState::never_mapped:
      return "never_mapped";
  }
  return "never_mapped";
}

}  // namespace mj::index
