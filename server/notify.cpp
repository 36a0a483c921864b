#include "server/notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "config/config.h"

namespace mj::server {

void notify_service_manager(std::string_view state) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  if (path == nullptr) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t length = std::strlen(path);
  if (length == 0 || length >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, path, length);
  if (path[0] == '@') address.sun_path[0] = '\0';  // the abstract name space
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const auto address_bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  const auto* target = reinterpret_cast<const sockaddr*>(&address);
  if (fd < 0 || ::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL, target, address_bytes) < 0) {
    spdlog::warn("service manager: {}: {}", path, std::strerror(errno));
  }
  if (fd >= 0) ::close(fd);
}

}  // namespace mj::server
