#include "capture/agent/screen.h"

#include <time.h>

#include <algorithm>
#include <utility>

#include "capture/agent/bus.h"
#include "capture/agent/x11_grabber.h"

namespace mj::agent {

namespace {

constexpr Duration kLook = std::chrono::milliseconds(250);
constexpr Duration kWhileHidden = std::chrono::seconds(1);
constexpr Duration kSleep = std::chrono::seconds(2);
constexpr int kTries = 3;

/// Time this machine has spent suspended since it was started.
Duration suspended() {
  const auto read = [](clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  };
  return std::chrono::duration_cast<Duration>(read(CLOCK_BOOTTIME) - read(CLOCK_MONOTONIC));
}

}  // namespace

Result<Screen> Screen::create(const ScreenSettings& settings, const Clock& clock) {
  std::unique_ptr<Grabber> grabber;
  if (settings.source.empty()) {
    grabber = std::make_unique<X11Grabber>(settings.display, clock);
  } else {
    MJ_TRY(grabber, SourceGrabber::create(settings.source, clock));
  }
  return Screen(settings, clock, std::move(grabber));
}

Screen::Screen(const ScreenSettings& settings, const Clock& clock, std::unique_ptr<Grabber> grabber)
    : settings_(settings),
      clock_(&clock),
      grabber_(std::move(grabber)),
      desktop_(std::make_unique<Desktop>(settings.display)),
      session_(std::make_unique<Session>(session_bus_address(), system_bus_address())),
      cadence_(settings.interval, settings.forced),
      user_(account_name()) {}

Duration Screen::pause() const {
  if (state_) return kWhileHidden;
  return std::clamp(cadence_.until_due(clock_->steady_now()), Duration::zero(), kLook);
}

void Screen::lost() {
  changes_.forget();
  cadence_.lost();
}

std::optional<Look> Screen::look(bool key_wanted) {
  if (auto slept = asleep()) return slept;
  const SteadyTime now = clock_->steady_now();
  Foreground foreground = ask_foreground();
  if (state_ == ScreenState::locked || state_ == ScreenState::no_session) {
    if (const auto cover = hidden(now)) return enter(*cover);
  } else if (!cadence_.due(now, foreground)) {
    return std::nullopt;
  }
  auto taken = take(now, std::move(foreground), key_wanted);
  if (!taken) {
    screen_.is(taken.error());
    return enter({ScreenState::no_display, taken.error().message});
  }
  screen_.over();
  return std::move(*taken);
}

/// The machine was suspended since the last look: the footage ends there.
std::optional<Look> Screen::asleep() {
  const Duration slept = suspended();
  const Duration just = slept - slept_.value_or(slept);
  const SteadyTime called = std::exchange(called_, clock_->steady_now());
  const WallTime called_at = std::exchange(called_at_, clock_->now());
  slept_ = slept;
  if (just < kSleep) return std::nullopt;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(just).count();
  state_.reset();  // whatever hid the screen before is said anew
  auto look = enter({ScreenState::asleep, fmt::format("the workstation slept for {} s", seconds)});
  state_.reset();
  look->taken = called;
  look->entry.agent_time = called_at;
  return look;
}

/// A desktop that cannot be asked still has a picture: it is recorded without its facts.
Foreground Screen::ask_foreground() {
  auto foreground = desktop_->foreground();
  if (!foreground) {
    facts_.is(foreground.error());
    return {};
  }
  facts_.over();
  return std::move(*foreground);
}

/// Why the desktop is not what can be seen on the monitor.
std::optional<Screen::Hidden> Screen::hidden(SteadyTime now) {
  attention_ = desktop_->attention().value_or(Attention{});
  const SessionState session = session_->ask(now);
  if (session.elsewhere) return Hidden{ScreenState::no_session, session.said_by};
  if (session.locked) return Hidden{ScreenState::locked, session.said_by};
  if (!attention_.covered_by.empty()) return Hidden{ScreenState::locked, attention_.covered_by};
  return std::nullopt;
}

/// Says a state once. The first picture after it begins anew, as soon as there is one.
std::optional<Look> Screen::enter(const Hidden& hidden) {
  cadence_.lost();
  if (state_ == hidden.state) return std::nullopt;
  state_ = hidden.state;
  Look look;
  look.taken = clock_->steady_now();
  look.entry.kind = EntryKind::state;
  look.entry.agent_time = clock_->now();
  look.entry.nominal = cadence_.interval();
  look.entry.configured = settings_.interval;
  look.entry.state = hidden.state;
  look.entry.detail = hidden.detail;
  return look;
}

/// A picture and what was in the foreground in the same instant: both are the same before and after the grab.
Result<Picture> Screen::grab(Foreground& foreground, std::vector<Monitor>& monitors) {
  Picture picture;
  monitors = desktop_->monitors().value_or(std::vector<Monitor>{});
  for (int i = 0; i < kTries; ++i) {
    MJ_TRY(picture, grabber_->grab());
    Foreground after = ask_foreground();
    auto monitors_after = desktop_->monitors().value_or(std::vector<Monitor>{});
    const bool steady = after == foreground && monitors_after == monitors;
    foreground = std::move(after);
    monitors = std::move(monitors_after);
    if (steady) break;
  }
  if (monitors.empty()) monitors.push_back({0, 0, picture.width, picture.height});
  return picture;
}

Result<std::optional<Look>> Screen::take(SteadyTime now, Foreground foreground, bool key_wanted) {
  std::vector<Monitor> monitors;
  MJ_TRY(const Picture picture, grab(foreground, monitors));
  if (const auto cover = hidden(now)) return enter(*cover);
  state_.reset();
  if (monitors != monitors_ || !encoder_ || !encoder_->fits(picture)) {
    encoder_.reset();
    changes_.forget();
  }
  const Tiles changed = changes_.compare(picture);
  Look look;
  look.taken = picture.taken;
  Entry& entry = look.entry;
  entry.agent_time = picture.at;
  entry.error = picture.at_error;
  entry.nominal = cadence_.interval();
  entry.configured = settings_.interval;
  entry.facts = {foreground.title, foreground.program, user_, attention_.idle_ms, false, monitors};
  if (!changed.any() && !key_wanted && !cadence_.picture_needed(now)) {
    entry.kind = EntryKind::same;
    cadence_.unchanged(now, std::move(foreground));
    return look;
  }
  entry.kind = EntryKind::shot;
  MJ_CHECK(encode(picture, changed, key_wanted || cadence_.key_needed(now), entry));
  cadence_.taken(now, std::move(foreground), entry.key);
  monitors_ = std::move(monitors);
  return look;
}

/// Another size or layout needs a new encoder, and so does one that failed.
Result<void> Screen::encode(const Picture& picture, const Tiles& changed, bool key, Entry& entry) {
  if (!encoder_) {
    MJ_TRY(encoder_, Encoder::create(picture, settings_.quality));
    spdlog::info("screen is {}×{}", picture.width, picture.height);
  }
  auto encoded = encoder_->encode(picture, changed, key);
  if (!encoded) {
    encoder_.reset();
    return tl::unexpected(std::move(encoded.error()));
  }
  changes_.keep(picture, changed);
  entry.key = encoded->key;
  entry.input_sha256 = std::move(encoded->input_sha256);
  entry.avc_config = std::move(encoded->avc_config);
  entry.access_unit = std::move(encoded->access_unit);
  return {};
}

}  // namespace mj::agent
