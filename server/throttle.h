#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>

#include "config/config.h"

namespace mj::server {

/// Slows down guessing: after some failures a key (login and address) must wait, each time longer. Owner:
/// SignIn. Thread: one at a time. Bounded: when too many keys are remembered the one longest untouched is
/// forgotten. Does not survive a restart.
class Throttle {
 public:
  explicit Throttle(const Clock& clock, int free_failures = 5)
      : clock_(clock), free_failures_(free_failures) {}

  /// How long the key must still wait; zero: it may try.
  [[nodiscard]] std::chrono::seconds wait(const std::string& key) const;
  void failed(const std::string& key);
  void succeeded(const std::string& key) { entries_.erase(key); }

 private:
  struct Entry {
    int failures = 0;
    SteadyTime touched;
    SteadyTime blocked_until;
  };
  void forget_one();

  const Clock& clock_;
  const int free_failures_;
  std::map<std::string, Entry> entries_;
};

}  // namespace mj::server
