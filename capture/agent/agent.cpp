#include "capture/agent/agent.h"

#include <condition_variable>
#include <mutex>

namespace mj::agent {

namespace {
constexpr Duration kLook = std::chrono::milliseconds(250);
constexpr Duration kAfterTrouble = std::chrono::seconds(1);
constexpr int kTries = 3;
}  // namespace

Result<Agent> Agent::create(const AgentSettings& settings, const Clock& clock, Uplink& uplink) {
  std::string source = settings.source;
  if (source.empty()) {
    MJ_TRY(source, x11_source(settings.display));
  }
  MJ_TRY(Grabber grabber, Grabber::create(source, clock));
  return Agent(settings, clock, uplink, std::move(grabber));
}

Agent::Agent(const AgentSettings& settings, const Clock& clock, Uplink& uplink, Grabber grabber)
    : settings_(settings),
      clock_(&clock),
      uplink_(&uplink),
      grabber_(std::move(grabber)),
      desktop_(std::make_unique<Desktop>(settings.display)),
      cadence_(settings.interval),
      user_(account_name()) {}

void Agent::run(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any woken;
  std::unique_lock lock(mutex);
  while (!stop.stop_requested()) {
    const Duration pause = step();
    woken.wait_for(lock, stop, pause, [] { return false; });
  }
}

/// One look at the desktop; how long until the next.
Duration Agent::step() {
  Foreground foreground = ask_foreground();
  const SteadyTime now = clock_->steady_now();
  const uint64_t failures = uplink_->failures();
  if (failures != failures_) cadence_.lost();
  failures_ = failures;
  if (!cadence_.due(now, foreground)) return std::clamp(cadence_.until_due(now), Duration::zero(), kLook);
  if (!uplink_->ready()) return kLook;
  auto shot = take(now, foreground);
  if (!shot) {
    cadence_.broken();
    screen_.is(shot.error());
    return kAfterTrouble;
  }
  screen_.over();
  spdlog::debug("shot: {} bytes{}", shot->access_unit.size(), shot->key ? ", key" : "");
  cadence_.taken(now, std::move(foreground), shot->key);
  if (!uplink_->offer(std::move(*shot))) cadence_.broken();
  return kLook;
}

/// A desktop that cannot be asked still has a picture: it is recorded without its facts.
Foreground Agent::ask_foreground() {
  auto foreground = desktop_->foreground();
  if (!foreground) {
    facts_.is(foreground.error());
    return {};
  }
  facts_.over();
  return std::move(*foreground);
}

/// The picture and its facts are of one instant when the foreground is the same before and after the grab.
Result<capture::Shot> Agent::take(SteadyTime now, Foreground& foreground) {
  const bool key = cadence_.key_needed(now) || uplink_->key_wanted();
  Picture picture;
  for (int i = 0; i < kTries; ++i) {
    MJ_TRY(picture, grabber_.grab());
    Foreground after = ask_foreground();
    if (after == foreground) break;
    foreground = std::move(after);
  }
  MJ_TRY(EncodedPicture encoded, encode(picture, key));
  capture::Shot shot;
  shot.key = encoded.key;
  shot.nominal = settings_.interval;
  shot.avc_config = std::move(encoded.avc_config);
  shot.access_unit = std::move(encoded.access_unit);
  shot.facts.title = foreground.title;
  shot.facts.program = foreground.program;
  shot.facts.user = user_;
  shot.facts.idle_ms = desktop_->idle_ms().value_or(0);
  shot.facts.agent_time = picture.at;
  shot.facts.input_sha256 = std::move(encoded.input_sha256);
  return shot;
}

/// A change of resolution needs a new encoder, and so does one that failed.
Result<EncodedPicture> Agent::encode(const Picture& picture, bool key) {
  if (!encoder_ || !encoder_->fits(picture)) {
    MJ_TRY(encoder_, Encoder::create(picture));
    spdlog::info("screen is {}×{}", picture.width, picture.height);
  }
  auto encoded = encoder_->encode(picture, key);
  if (!encoded) encoder_.reset();
  return encoded;
}

}  // namespace mj::agent
