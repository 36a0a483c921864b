#include "capture/agent/notice.h"

#include "capture/agent/bus.h"

namespace mj::agent {

namespace {

constexpr const char* kService = "org.freedesktop.Notifications";
constexpr const char* kPath = "/org/freedesktop/Notifications";
constexpr gint32 kUntilClosed = 0;

/// Services may read a text as markup.
std::string escaped(const std::string& text) {
  const std::unique_ptr<char, void (*)(void*)> made(
      g_markup_escape_text(text.data(), static_cast<gssize>(text.size())), g_free);
  return made.get();
}

/// It stays among the others when it has been seen, and makes no noise.
GVariant* hints() {
  GVariantBuilder builder;
  g_variant_builder_init(&builder, G_VARIANT_TYPE("a{sv}"));
  g_variant_builder_add(&builder, "{sv}", "resident", g_variant_new_boolean(TRUE));
  g_variant_builder_add(&builder, "{sv}", "suppress-sound", g_variant_new_boolean(TRUE));
  return g_variant_builder_end(&builder);
}

}  // namespace

struct Notice::Impl {
  Bus bus;
  std::string title, text;  ///< that stand there
  guint32 id = 0;           ///< of what stands there; 0: nothing does
};

Notice::Notice(std::string session_bus) : impl_(new Impl{Bus(std::move(session_bus)), {}, {}}) {}
Notice::~Notice() = default;
Notice::Notice(Notice&&) noexcept = default;

void Notice::show(SteadyTime now, const std::string& title, const std::string& text) {
  Impl& shown = *impl_;
  if (shown.id != 0 && shown.title == title && shown.text == text) return;
  shown.bus.look_up(now);
  if (!shown.bus.owns(kService)) return;
  const auto answer =
      shown.bus.call(kService, kPath, kService, "Notify",
                     g_variant_new("(susssas@a{sv}i)", "Mingjing", shown.id, "media-record", title.c_str(),
                                   escaped(text).c_str(), nullptr, hints(), kUntilClosed),
                     "(u)");
  if (!answer) return shown.bus.forget(kService);
  g_variant_get(answer.get(), "(u)", &shown.id);
  shown.title = title;
  shown.text = text;
}

void Notice::withdraw() {
  if (impl_->id == 0) return;
  (void)impl_->bus.call(kService, kPath, kService, "CloseNotification", g_variant_new("(u)", impl_->id),
                        "()");
  impl_->id = 0;
}

}  // namespace mj::agent
