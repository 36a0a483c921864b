#pragma once

#include <map>
#include <mutex>

#include "tests/agent/message_bus.h"

namespace mj::test {

/// A desktop's notifications: what stands on the screen. It expects what is to stay, without buttons.
class Notifications {
 public:
  explicit Notifications(const MessageBus& bus);
  /// "title | text" by number.
  [[nodiscard]] std::map<unsigned, std::string> standing();
  /// How often it was told something.
  [[nodiscard]] int asked();

 private:
  GVariant* notify(GVariant* parameters);
  GVariant* close(GVariant* parameters);

  std::mutex mutex_;
  std::map<unsigned, std::string> standing_;
  unsigned last_ = 41;
  int asked_ = 0;
  BusProgram served_;  // last: calls the rest
};

}  // namespace mj::test
