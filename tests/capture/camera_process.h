#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace mj::test {

/// The camera server as a child process, listening when the constructor returns. Killed with this object.
class CameraProcess {
 public:
  /// `cameras`: what --camera takes; `port` 0: any free one. Throws when it does not come up.
  explicit CameraProcess(const std::vector<std::string>& cameras, int port = 0);
  ~CameraProcess();
  CameraProcess(const CameraProcess&) = delete;
  CameraProcess& operator=(const CameraProcess&) = delete;

  /// As a power cut does.
  void kill();
  [[nodiscard]] std::string url(const std::string& mount) const { return base_ + "/" + mount; }
  [[nodiscard]] int port() const { return port_; }

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  std::string base_;
  int port_ = 0;
};

}  // namespace mj::test
