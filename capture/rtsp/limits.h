#pragma once

#include <chrono>

#include "config/config.h"

namespace mj::capture::rtsp {

/// How long and how often. Tests shorten them; nobody else does.
struct Limits {
  /// From the attempt to connect to the first key picture; with a tick, and on a busy machine, given up in
  /// less than 10 s.
  Duration first_frame = std::chrono::seconds(9);
  Duration first_key_patient =
      std::chrono::seconds(45);                 ///< the same after pictures came but no key picture in time
  Duration stall = std::chrono::seconds(9);     ///< age of the last frame; with a tick seen in less than 10 s
  Duration farewell = std::chrono::seconds(1);  ///< for TEARDOWN on stop
  Duration tick = std::chrono::milliseconds(250);
  Duration receiver_report = std::chrono::seconds(5);        ///< RFC 3550 §6.2: the least interval
  Duration connect_spacing = std::chrono::milliseconds(50);  ///< all cameras together: 20 attempts a second
  Duration retry_first = std::chrono::seconds(1);
  Duration retry_longest = std::chrono::seconds(30);
  Duration retry_auth_first =
      std::chrono::minutes(1);  ///< cameras lock an account after a handful of refusals
  Duration retry_auth_longest = std::chrono::minutes(30);
  Duration settled = std::chrono::seconds(10);  ///< a session that recorded so long starts the ladder anew
};

}  // namespace mj::capture::rtsp
