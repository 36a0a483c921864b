#pragma once

#include <gio/gio.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"

namespace mj::agent {

struct VariantFree {
  void operator()(GVariant* variant) const { g_variant_unref(variant); }
};
using UniqueVariant = std::unique_ptr<GVariant, VariantFree>;

/// A message bus that may not be there, may go away and come back, and whose services may hang.
///
/// Owner: who asks over it (Session, Notice), each one of its own. Thread: one. Waits at most a second for an
/// answer; starts no service. Does not fail: who is not there does not answer.
class Bus {
 public:
  /// `address`: empty: there is none. Connects to nothing yet.
  explicit Bus(std::string address) : address_(std::move(address)) {}

  /// Looks once a minute who is there; then owns() is of that moment.
  void look_up(SteadyTime now);
  [[nodiscard]] bool owns(const char* name) const;
  /// Who does not answer is not asked again before the next look_up().
  void forget(const char* name) { std::erase(names_, name); }

  /// `parameters` may be floating. Nothing: no answer of that type.
  [[nodiscard]] UniqueVariant call(const char* name, const char* path, const char* interface,
                                   const char* method, GVariant* parameters, const char* type);

 private:
  struct ConnectionFree {
    void operator()(GDBusConnection* connection) const { g_object_unref(connection); }
  };
  void connect();

  const std::string address_;
  std::unique_ptr<GDBusConnection, ConnectionFree> connection_;
  std::optional<SteadyTime> looked_up_;
  std::vector<std::string> names_;
};

/// Where the buses are by this process's environment; empty: there is none.
[[nodiscard]] std::string session_bus_address();
[[nodiscard]] std::string system_bus_address();

}  // namespace mj::agent
