#pragma once

#include <string_view>

namespace mj::server {

/// Tells the service manager how we are: "READY=1", "STOPPING=1" (sd_notify(3)'s protocol: one datagram to
/// the socket that NOTIFY_SOCKET names). Nobody listening is no error; a failure is logged.
void notify_service_manager(std::string_view state);

}  // namespace mj::server
