#include "capture/capture.h"

namespace mj::capture {

std::vector<StreamInfo> streams_of(const config::Settings& settings) {
  std::vector<StreamInfo> streams;
  for (const config::Camera& camera : settings.cameras) {
    streams.push_back({camera.id + ".main", StreamKind::main, camera.id});
    if (!camera.sub_url.empty()) streams.push_back({camera.id + ".sub", StreamKind::sub, camera.id});
  }
  for (const config::Workstation& workstation : settings.workstations) {
    streams.push_back({workstation.id + ".screen", StreamKind::screen, workstation.id});
  }
  return streams;
}

}  // namespace mj::capture
