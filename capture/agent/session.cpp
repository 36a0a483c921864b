#include "capture/agent/session.h"

#include <gio/gio.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <vector>

namespace mj::agent {

namespace {

constexpr int kPatienceMs = 1000;
constexpr Duration kLookUpEvery = std::chrono::minutes(1);

template <class T>
struct ObjectFree {
  void operator()(T* object) const { g_object_unref(object); }
};
using UniqueConnection = std::unique_ptr<GDBusConnection, ObjectFree<GDBusConnection>>;
struct VariantFree {
  void operator()(GVariant* variant) const { g_variant_unref(variant); }
};
using UniqueVariant = std::unique_ptr<GVariant, VariantFree>;

/// A service that knows whether the screen is locked. `method`: answers a boolean; nullptr: `property` is
/// one.
struct Locker {
  const char* name;
  const char* path;
  const char* interface;
  const char* method;
  const char* property;
  const char* who;
};
constexpr Locker kLockers[] = {
    {"com.deepin.SessionManager", "/com/deepin/SessionManager", "com.deepin.SessionManager", nullptr,
     "Locked", "UOS's session manager"},
    {"org.deepin.dde.SessionManager1", "/org/deepin/dde/SessionManager1", "org.deepin.dde.SessionManager1",
     nullptr, "Locked", "UOS's session manager"},
    {"org.ukui.ScreenSaver", "/", "org.ukui.ScreenSaver", "GetLockState", nullptr, "UKUI's screen saver"},
    {"org.gnome.ScreenSaver", "/org/gnome/ScreenSaver", "org.gnome.ScreenSaver", "GetActive", nullptr,
     "GNOME's screen shield"},
    {"org.mate.ScreenSaver", "/", "org.mate.ScreenSaver", "GetActive", nullptr, "MATE's screen saver"},
    {"org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver", "org.freedesktop.ScreenSaver",
     "GetActive", nullptr, "the desktop's screen locker"},
};
constexpr const char* kLogind = "org.freedesktop.login1";

/// A message bus that may not be there, may go away and come back, and whose services may hang.
class Bus {
 public:
  explicit Bus(std::string address) : address_(std::move(address)) {}

  /// Looks once a minute who is there; then owns() is of that moment.
  void look_up(SteadyTime now) {
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
  [[nodiscard]] bool owns(const char* name) const { return std::ranges::find(names_, name) != names_.end(); }
  /// Who does not answer is not asked again before the next look_up().
  void forget(const char* name) { std::erase(names_, name); }

  /// `parameters` may be floating. Nothing: no answer of that type.
  UniqueVariant call(const char* name, const char* path, const char* interface, const char* method,
                     GVariant* parameters, const char* type) {
    const UniqueVariant owned(parameters != nullptr ? g_variant_ref_sink(parameters) : nullptr);
    if (!connection_) return nullptr;
    const std::unique_ptr<GVariantType, void (*)(GVariantType*)> expected(g_variant_type_new(type),
                                                                          g_variant_type_free);
    return UniqueVariant(g_dbus_connection_call_sync(
        connection_.get(), name, path, interface, method, owned.get(), expected.get(),
        G_DBUS_CALL_FLAGS_NO_AUTO_START, kPatienceMs, nullptr, nullptr));
  }

 private:
  void connect() {
    if (address_.empty()) return;
    // Not g_bus_get_sync: the connection it shares ends the process when the bus goes away.
    constexpr auto kFlags = static_cast<GDBusConnectionFlags>(G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                              G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION);
    connection_.reset(
        g_dbus_connection_new_for_address_sync(address_.c_str(), kFlags, nullptr, nullptr, nullptr));
  }

  const std::string address_;
  UniqueConnection connection_;
  std::optional<SteadyTime> looked_up_;
  std::vector<std::string> names_;
};

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

std::string session_bus_address() {
  return address_of(variable("DBUS_SESSION_BUS_ADDRESS"), variable("XDG_RUNTIME_DIR") + "/bus");
}

std::string system_bus_address() {
  return address_of(variable("DBUS_SYSTEM_BUS_ADDRESS"), "/run/dbus/system_bus_socket");
}

struct Session::Impl {
  std::optional<bool> locked(const Locker& locker);
  SessionState logind();

  Bus session, system;
};

std::optional<bool> Session::Impl::locked(const Locker& locker) {
  if (locker.method != nullptr) {
    const auto answer =
        session.call(locker.name, locker.path, locker.interface, locker.method, nullptr, "(b)");
    if (!answer) return std::nullopt;
    gboolean value = FALSE;
    g_variant_get(answer.get(), "(b)", &value);
    return value != FALSE;
  }
  const auto answer = session.call(locker.name, locker.path, "org.freedesktop.DBus.Properties", "Get",
                                   g_variant_new("(ss)", locker.interface, locker.property), "(v)");
  if (!answer) return std::nullopt;
  const UniqueVariant boxed(g_variant_get_child_value(answer.get(), 0));
  const UniqueVariant value(g_variant_get_variant(boxed.get()));
  if (!g_variant_is_of_type(value.get(), G_VARIANT_TYPE_BOOLEAN)) return std::nullopt;
  return g_variant_get_boolean(value.get()) != FALSE;
}

/// session/auto is the caller's session, or its user's graphical one (systemd 243 and later).
SessionState Session::Impl::logind() {
  const auto answer =
      system.call(kLogind, "/org/freedesktop/login1/session/auto", "org.freedesktop.DBus.Properties",
                  "GetAll", g_variant_new("(s)", "org.freedesktop.login1.Session"), "(a{sv})");
  if (!answer) {
    system.forget(kLogind);
    return {};
  }
  const UniqueVariant properties(g_variant_get_child_value(answer.get(), 0));
  gboolean locked = FALSE, active = TRUE;
  g_variant_lookup(properties.get(), "LockedHint", "b", &locked);
  g_variant_lookup(properties.get(), "Active", "b", &active);
  if (active == FALSE) return {false, true, "logind: another session is on the monitor"};
  if (locked != FALSE) return {true, false, "logind: the session is locked"};
  return {};
}

Session::Session(std::string session_bus, std::string system_bus)
    : impl_(new Impl{Bus(std::move(session_bus)), Bus(std::move(system_bus))}) {}
Session::~Session() = default;

SessionState Session::ask(SteadyTime now) {
  impl_->session.look_up(now);
  impl_->system.look_up(now);
  if (impl_->system.owns(kLogind)) {
    SessionState state = impl_->logind();
    if (state.locked || state.elsewhere) return state;
  }
  for (const Locker& locker : kLockers) {
    if (!impl_->session.owns(locker.name)) continue;
    const auto locked = impl_->locked(locker);
    if (!locked) impl_->session.forget(locker.name);
    if (locked.value_or(false)) return {true, false, fmt::format("{} has locked the screen", locker.who)};
  }
  return {};
}

}  // namespace mj::agent
