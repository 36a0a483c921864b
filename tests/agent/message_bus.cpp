#include "tests/agent/message_bus.h"

#include <unistd.h>

namespace mj::test {

MessageBus::MessageBus() {
  const auto configuration = folder_.file(
      "bus.conf",
      "<busconfig><listen>" + address() +
          "</listen><auth>EXTERNAL</auth><policy context=\"default\">"
          "<allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/><allow own=\"*\"/>"
          "</policy></busconfig>");
  const auto said = folder_.path() / "address";  // when it listens
  daemon_.emplace(std::vector<std::string>{"dbus-daemon", "--nofork", "--print-address", "--config-file",
                                           configuration.string()},
                  said);
  std::error_code none;
  while (std::filesystem::file_size(said, none) + 1 <= 1) usleep(5'000);
}

BusProgram::BusProgram(const MessageBus& bus, const char* name, const char* path,
                       const std::string& interface_xml, Answers answers)
    : answers_(std::move(answers)), context_(g_main_context_new()), loop_(g_main_loop_new(context_, FALSE)) {
  g_main_context_push_thread_default(context_);
  constexpr auto kFlags = static_cast<GDBusConnectionFlags>(G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                            G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION);
  connection_ =
      g_dbus_connection_new_for_address_sync(bus.address().c_str(), kFlags, nullptr, nullptr, nullptr);
  GDBusNodeInfo* node = g_dbus_node_info_new_for_xml(("<node>" + interface_xml + "</node>").c_str(), nullptr);
  static constexpr GDBusInterfaceVTable kTable{
      [](GDBusConnection*, const char*, const char*, const char*, const char* method, GVariant* parameters,
         GDBusMethodInvocation* invocation, gpointer self) {
        GVariant* answer = static_cast<BusProgram*>(self)->answers_.call(method, parameters);
        if (answer != nullptr) g_dbus_method_invocation_return_value(invocation, answer);
      },
      [](GDBusConnection*, const char*, const char*, const char*, const char* property, GError**,
         gpointer self) { return static_cast<BusProgram*>(self)->answers_.property(property); },
      nullptr,
      {}};
  g_dbus_connection_register_object(connection_, path, node->interfaces[0], &kTable, this, nullptr, nullptr);
  g_dbus_node_info_unref(node);
  g_main_context_pop_thread_default(context_);
  thread_ = std::thread([this] { g_main_loop_run(loop_); });
  g_variant_unref(g_dbus_connection_call_sync(
      connection_, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
      g_variant_new("(su)", name, 0), nullptr, G_DBUS_CALL_FLAGS_NONE, -1, nullptr, nullptr));
}

BusProgram::~BusProgram() {
  g_main_loop_quit(loop_);
  thread_.join();
  g_dbus_connection_close_sync(connection_, nullptr, nullptr);
  g_object_unref(connection_);
  g_main_loop_unref(loop_);
  g_main_context_unref(context_);
}

}  // namespace mj::test
