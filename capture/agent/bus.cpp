#include "capture/agent/bus.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace mj::agent {

namespace {

constexpr int kPatienceMs = 1000;
constexpr Duration kLookUpEvery = std::chrono::minutes(1);

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

/// GLib would start a bus of its own where there is none.
std::string address_of(const std::string& given, const std::string& socket) {
  std::error_code none;
  if (!given.empty()) return given;
  return std::filesystem::exists(socket, none) ? "unix:path=" + socket : "";
}

}  // namespace

void Bus::look_up(SteadyTime now) {
  if (looked_up_ && now - *looked_up_ < kLookUpEvery) return;
  looked_up_ = now;
  names_.clear();
  if (connection_ && g_dbus_connection_is_closed(connection_.get())) connection_.reset();
  if (!connection_) connect();
  const UniqueVariant answer = call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                    "ListNames", nullptr, "(as)");
  if (!answer) return;
  const UniqueVariant list(g_variant_get_child_value(answer.get(), 0));
  for (gsize i = 0; i < g_variant_n_children(list.get()); ++i) {
    const UniqueVariant name(g_variant_get_child_value(list.get(), i));
    names_.emplace_back(g_variant_get_string(name.get(), nullptr));
  }
}

bool Bus::owns(const char* name) const {
  return std::ranges::find(names_, name) != names_.end();
}

UniqueVariant Bus::call(const char* name, const char* path, const char* interface, const char* method,
                        GVariant* parameters, const char* type) {
  const UniqueVariant owned(parameters != nullptr ? g_variant_ref_sink(parameters) : nullptr);
  if (!connection_) return nullptr;
  const std::unique_ptr<GVariantType, void (*)(GVariantType*)> expected(g_variant_type_new(type),
                                                                        g_variant_type_free);
  return UniqueVariant(g_dbus_connection_call_sync(
      connection_.get(), name, path, interface, method, owned.get(), expected.get(),
      G_DBUS_CALL_FLAGS_NO_AUTO_START, kPatienceMs, nullptr, nullptr));
}

void Bus::connect() {
  if (address_.empty()) return;
  // Not g_bus_get_sync: the connection it shares ends the process when the bus goes away.
  constexpr auto kFlags = static_cast<GDBusConnectionFlags>(G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                            G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION);
  connection_.reset(
      g_dbus_connection_new_for_address_sync(address_.c_str(), kFlags, nullptr, nullptr, nullptr));
}

std::string session_bus_address() {
  return address_of(variable("DBUS_SESSION_BUS_ADDRESS"), variable("XDG_RUNTIME_DIR") + "/bus");
}

std::string system_bus_address() {
  return address_of(variable("DBUS_SYSTEM_BUS_ADDRESS"), "/run/dbus/system_bus_socket");
}

}  // namespace mj::agent
