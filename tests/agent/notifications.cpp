#include "tests/agent/notifications.h"

#include <gtest/gtest.h>

namespace mj::test {

namespace {

constexpr const char* kService = "org.freedesktop.Notifications";
constexpr const char* kInterface =
    "<interface name='org.freedesktop.Notifications'>"
    "<method name='Notify'><arg type='s' direction='in'/><arg type='u' direction='in'/>"
    "<arg type='s' direction='in'/><arg type='s' direction='in'/><arg type='s' direction='in'/>"
    "<arg type='as' direction='in'/><arg type='a{sv}' direction='in'/><arg type='i' direction='in'/>"
    "<arg type='u' direction='out'/></method>"
    "<method name='CloseNotification'><arg type='u' direction='in'/></method></interface>";

}  // namespace

Notifications::Notifications(const MessageBus& bus)
    : served_(bus, kService, "/org/freedesktop/Notifications", kInterface,
              {[this](const std::string& method, GVariant* parameters) {
                 return method == "Notify" ? notify(parameters) : close(parameters);
               },
               {}}) {}

std::map<unsigned, std::string> Notifications::standing() {
  const std::lock_guard lock(mutex_);
  return standing_;
}

int Notifications::asked() {
  const std::lock_guard lock(mutex_);
  return asked_;
}

GVariant* Notifications::notify(GVariant* parameters) {
  const std::lock_guard lock(mutex_);
  unsigned replaces = 0;
  const char *application = nullptr, *icon = nullptr, *title = nullptr, *text = nullptr;
  GVariantIter *actions = nullptr, *hints = nullptr;
  int timeout = -1;
  g_variant_get(parameters, "(&su&s&s&sasa{sv}i)", &application, &replaces, &icon, &title, &text, &actions,
                &hints, &timeout);
  EXPECT_EQ(timeout, 0) << "it stays until it is closed";
  EXPECT_EQ(g_variant_iter_n_children(actions), 0U);
  g_variant_iter_free(actions);
  g_variant_iter_free(hints);
  ++asked_;
  const unsigned id = replaces != 0 ? replaces : ++last_;
  standing_[id] = std::string(title) + " | " + text;
  return g_variant_new("(u)", id);
}

GVariant* Notifications::close(GVariant* parameters) {
  const std::lock_guard lock(mutex_);
  unsigned id = 0;
  g_variant_get(parameters, "(u)", &id);
  standing_.erase(id);
  return g_variant_new("()");
}

}  // namespace mj::test
