#include "capture/agent/session.h"

#include <optional>

#include "capture/agent/bus.h"

namespace mj::agent {

namespace {

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

}  // namespace

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
