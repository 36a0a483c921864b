#pragma once

#include <set>
#include <string>

#include "server/agent_door.h"
#include "server/gate.h"
#include "server/metrics.h"
#include "server/server.h"
#include "server/sessions.h"
#include "server/sign_in.h"
#include "server/work_pool.h"

namespace mj::server {

/// What handlers may use. Owner: the Server, which outlives every request.
struct Services {
  Services(const Context& the_context, PasswordCost cost);

  const Context& context;
  Gate gate;
  Sessions sessions;
  SignIn sign_in;
  AgentDoor agents;
  Metrics metrics;
  WorkPool work;                    ///< last: its threads end before what they use
  int sign_ins_waiting = 0;         ///< network thread only
  uint64_t bodies_in_flight = 0;    ///< bytes; network thread only
  std::set<std::string> uploading;  ///< workstations whose upload is under way; network thread only
};

}  // namespace mj::server
