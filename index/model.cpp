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

const char* name(LinkState state) {
  switch (state) {
    case LinkState::inferred:
      return "inferred";
    case LinkState::confirmed:
      return "confirmed";
    case LinkState::rejected:
      return "rejected";
    case LinkState::added:
      return "added";
  }
  return "inferred";
}

const char* name(Decision::Action action) {
  switch (action) {
    case Decision::Action::confirm:
      return "confirm";
    case Decision::Action::reject:
      return "reject";
    case Decision::Action::add:
      return "add";
  }
  return "confirm";
}

std::optional<Decision::Action> decision_action_from(std::string_view name_text) {
  for (const auto action : {Decision::Action::confirm, Decision::Action::reject, Decision::Action::add}) {
    if (name_text == name(action)) return action;
  }
  return std::nullopt;
}

}  // namespace mj::index
