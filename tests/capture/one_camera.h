#pragma once

#include <string>
#include <vector>

#include "capture/capture.h"

namespace mj::test {

/// A hall of one camera, `cam-1`.
inline config::Settings one_camera(const std::string& url, config::Transport transport) {
  config::Camera camera;
  camera.id = "cam-1";
  camera.url = url;
  camera.transport = transport;
  config::Settings settings;
  settings.cameras.push_back(camera);
  return settings;
}

/// The fragments of one run as an MP4 that a player opens.
inline Bytes file_of(const std::vector<capture::Fragment>& fragments) {
  Bytes file = fragments.front().run->init;
  for (const capture::Fragment& fragment : fragments)
    file.insert(file.end(), fragment.bytes->begin(), fragment.bytes->end());
  return file;
}

}  // namespace mj::test
