// What an agent uploads: no reading beyond the body, nothing that capture would not bound again.

#include <cstdlib>

#include "capture/shot_check.h"
#include "server/entry_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace mj;
  const auto parsed = server::parse_entries({data, size});
  for (const capture::Entry& entry : parsed.entries) {
    if (entry.ref.number == 0 || entry.access_unit.size() > size) std::abort();
    if (entry.facts.title.size() > 512 || entry.facts.monitors.size() > 16) std::abort();
    const bool sound = capture::check_entry(entry).has_value();
    if (sound && entry.kind == capture::EntryKind::shot && entry.access_unit.size() < 5) std::abort();
    static_cast<void>(capture::parse_avc_config(as_bytes(entry.avc_config)));
  }
  if (parsed.problem && parsed.problem->path.empty()) std::abort();
  return 0;
}
