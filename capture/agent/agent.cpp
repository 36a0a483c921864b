#include "capture/agent/agent.h"

#include <condition_variable>
#include <mutex>

namespace mj::agent {

namespace {

constexpr Duration kAway = std::chrono::milliseconds(250);

capture::Shot shot_of(Entry entry) {
  capture::Shot shot;
  shot.key = entry.key;
  shot.nominal = entry.nominal;
  shot.avc_config = std::move(entry.avc_config);
  shot.access_unit = std::move(entry.access_unit);
  shot.facts.title = std::move(entry.facts.title);
  shot.facts.program = std::move(entry.facts.program);
  shot.facts.user = std::move(entry.facts.user);
  shot.facts.idle_ms = entry.facts.idle_ms;
  shot.facts.agent_time = entry.agent_time;
  shot.facts.input_sha256 = std::move(entry.input_sha256);
  return shot;
}

}  // namespace

Result<Agent> Agent::create(ScreenSettings settings, const Clock& clock, Uplink& uplink) {
  settings.forced = settings.interval;  // the server's route takes shots only
  MJ_TRY(Screen screen, Screen::create(settings, clock));
  return Agent(std::move(screen), uplink);
}

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
  const uint64_t failures = uplink_->failures();
  if (failures != failures_) screen_.lost();
  failures_ = failures;
  if (!uplink_->ready()) return kAway;
  auto look = screen_.look(uplink_->key_wanted());
  if (look && look->entry.kind == EntryKind::shot) {
    spdlog::debug("shot: {} bytes{}", look->entry.access_unit.size(), look->entry.key ? ", key" : "");
    if (!uplink_->offer(shot_of(std::move(look->entry)))) screen_.lost();
  }
  return screen_.pause();
}

}  // namespace mj::agent
