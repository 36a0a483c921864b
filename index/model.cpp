#include "index/model.h"

namespace mj::index {

const char* name(Event::Type type) {
  switch (type) {
    case Event::Type::ticket_called:
      return "ticket_called";
    case Event::Type::ticket_finished:
      return "ticket_finished";
    case Event::Type::case_step:
      return "case_step";
  }
  return "case_step";
}

std::optional<Event::Type> event_type_from(std::string_view name_text) {
  for (const auto type : {Event::Type::ticket_called, Event::Type::ticket_finished, Event::Type::case_step}) {
    if (name_text == name(type)) return type;
  }
  return std::nullopt;
}

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
