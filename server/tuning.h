#pragma once

#include "server/limits.h"
#include "server/passwords.h"

namespace mj::server {

/// What tests set lower than operators need.
struct Tuning {
  Deadlines deadlines;
  PasswordCost password_cost;
};

}  // namespace mj::server
