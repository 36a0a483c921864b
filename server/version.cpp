#include "server/version.h"

namespace mj::server {

const char* version() {
  return MJ_VERSION;
}

}  // namespace mj::server
