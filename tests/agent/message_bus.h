#pragma once

#include <gio/gio.h>

#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "tests/support/child.h"
#include "tests/support/temporary_directory.h"

namespace mj::test {

/// A message bus of the test's own.
class MessageBus {
 public:
  MessageBus();
  [[nodiscard]] std::string address() const { return "unix:path=" + (folder_.path() / "bus").string(); }

 private:
  const TemporaryDirectory folder_;
  std::optional<Child> daemon_;
};

/// A program on a bus: one object with one interface, served in a thread of its own.
class BusProgram {
 public:
  struct Answers {
    /// Gives the answer to a call (a tuple), or nullptr: never answered.
    std::function<GVariant*(const std::string& method, GVariant* parameters)> call;
    std::function<GVariant*(const std::string& name)> property;
  };
  BusProgram(const MessageBus& bus, const char* name, const char* path, const std::string& interface_xml,
             Answers answers);
  ~BusProgram();
  BusProgram(const BusProgram&) = delete;
  BusProgram& operator=(const BusProgram&) = delete;

 private:
  const Answers answers_;
  GMainContext* context_;
  GMainLoop* loop_;
  GDBusConnection* connection_;
  std::thread thread_;
};

}  // namespace mj::test
