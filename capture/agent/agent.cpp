#include "capture/agent/agent.h"

#include <condition_variable>
#include <mutex>

#include "capture/agent/bus.h"

namespace mj::agent {

namespace {

constexpr Duration kWhilePaused = std::chrono::milliseconds(500);
constexpr Duration kStatusEvery = std::chrono::seconds(5);
constexpr Duration kLastWord = std::chrono::seconds(2);
constexpr Duration kLongestNominal = std::chrono::minutes(10);  // nobody attests more by one picture
constexpr Duration kLongestInterval = std::chrono::hours(24 * 365 * 10);

std::string sentence(ScreenState state, const std::string& detail) {
  return detail.empty() ? wire_name(state) : fmt::format("{}: {}", wire_name(state), detail);
}

}  // namespace

Agent::Agent(AgentSettings settings, const Parts& parts, Screen screen)
    : settings_(std::move(settings)),
      parts_(parts),
      screen_(std::move(screen)),
      notice_(session_bus_address()) {}

Result<Agent> Agent::create(AgentSettings settings, const Parts& parts) {
  MJ_TRY(Screen screen, Screen::create(settings.screen, parts.clock));
  return Agent(std::move(settings), parts, std::move(screen));
}

void Agent::run(const std::stop_token& stop) {
  account_for_absence();
  std::mutex mutex;
  std::condition_variable_any woken;
  std::unique_lock lock(mutex);
  while (!stop.stop_requested()) {
    const Duration pause = step();
    woken.wait_for(lock, stop, pause, [] { return false; });
  }
  const Stamp now = parts_.timekeeper.now();
  if (keep_owed()) say(ScreenState::agent_stopped, "the agent was told to stop", "", now);
  told_.reset();
  tell_status(parts_.clock.steady_now(), now);
  notice_.withdraw();
  (void)parts_.uplink.drain(kLastWord);
}

/// An agent or a machine that ended without a word leaves its last entry standing. What it was last seen
/// alive is known; from then on nothing was recorded.
void Agent::account_for_absence() {
  const auto last = parts_.spool.last();
  if (!last || last->state == wire_name(ScreenState::agent_stopped)) return;
  Stamp since = parts_.timekeeper.now();
  WallTime alive = last->at + last->nominal;
  if (const auto status = read_status(settings_.state_directory)) alive = std::max(alive, status->alive);
  if (alive >= since.at) return;
  since.agent_time -= since.at - alive;
  since.at = alive;
  say(ScreenState::agent_stopped, "the agent or the machine ended without saying so", "", since);
}

/// One look at the desktop; how long until the next.
Duration Agent::step() {
  const SteadyTime steady = parts_.clock.steady_now();
  const Stamp now = parts_.timekeeper.stamp(steady);
  const Stamp before = last_look_.value_or(now);
  last_look_ = now;
  Duration rest = kWhilePaused;
  if (!paused(now) && keep_owed()) {
    thinning_ = std::min(parts_.spool.thinning(), kLongestInterval / settings_.screen.interval);
    screen_.stretch(thinning_);
    if (auto look = screen_.look(parts_.spool.key_due())) {
      // A look that finds that the machine slept means the moment before it did.
      const bool slept = look->entry.kind == EntryKind::state && look->entry.state == ScreenState::asleep;
      keep(std::move(look->entry), slept ? before : parts_.timekeeper.stamp(look->taken));
    }
    rest = screen_.pause();
  }
  tell_person(steady);
  tell_status(steady, now);
  return rest;
}

/// True while a pause holds. Its beginning is an entry; its end is the next one.
bool Agent::paused(const Stamp& now) {
  const auto wanted = current_pause(settings_.state_directory, now.agent_time);
  if (wanted && (!pause_ || pause_->reason != wanted->reason) && keep_owed()) {
    spdlog::info("paused by {}: {}", wanted->by, wanted->reason);
    say(ScreenState::paused, wanted->reason, wanted->by, now);
    pause_ = wanted;
  }
  if (pause_ && !wanted) {
    spdlog::info("the pause is over");
    screen_.interrupted();
    pause_.reset();
  }
  return wanted.has_value();
}

void Agent::say(ScreenState state, const std::string& detail, const std::string& by, const Stamp& when) {
  Entry entry;
  entry.kind = EntryKind::state;
  entry.state = state;
  entry.detail = detail;
  entry.by = by;
  entry.agent_time = when.agent_time;
  entry.nominal = entry.configured = settings_.screen.interval;
  keep(std::move(entry), when);
}

void Agent::keep(Entry entry, const Stamp& when) {
  entry.at = when.at;
  entry.error += when.error;
  entry.offset = when.at - entry.agent_time;
  entry.nominal = std::min(entry.nominal, kLongestNominal);
  // What cannot be kept must not look like footage that goes on: then a hole begins here.
  Entry instead{.kind = EntryKind::state,
                .at = entry.at,
                .error = entry.error,
                .agent_time = entry.agent_time,
                .offset = entry.offset,
                .nominal = entry.nominal,
                .configured = entry.configured,
                .state = entry.kind == EntryKind::state ? entry.state : ScreenState::agent_stopped,
                .detail = entry.detail,
                .by = entry.by};
  const bool state = entry.kind == EntryKind::state;
  if (append(std::move(entry))) return;
  screen_.lost();
  if (!state) instead.detail = hidden_;
  owed_ = std::move(instead);
}

/// False while something is owed that cannot be kept.
bool Agent::keep_owed() {
  if (owed_ && append(*owed_)) owed_.reset();
  return !owed_;
}

bool Agent::append(Entry entry) {
  const std::string hidden = entry.kind == EntryKind::state ? sentence(entry.state, entry.detail) : "";
  const std::size_t bytes = entry.access_unit.size();
  const auto number = parts_.spool.append(std::move(entry));
  if (!number) {
    keeping_.is(number.error());
    hidden_ = "what is seen cannot be kept: " + number.error().message;
    return false;
  }
  keeping_.over();
  hidden_ = hidden;
  spdlog::debug("entry {}: {} bytes", *number, bytes);
  parts_.uplink.wake();
  return true;
}

/// A screen that is locked or away has nobody before it who could read more.
void Agent::tell_person(SteadyTime now) {
  if (pause_) {
    notice_.show(now, "已暂停记录本机屏幕", "原因: " + pause_->reason);
  } else if (owed_) {
    notice_.show(now, "未在记录本机屏幕", hidden_);
  } else if (hidden_.empty() && parts_.spool.last()) {
    notice_.show(now, "正在记录本机屏幕", "暂停须写明原因并留有记录: mingjing-agent pause --reason …");
  }
}

void Agent::tell_status(SteadyTime now, const Stamp& stamp) {
  if (told_ && now - *told_ < kStatusEvery && hidden_ == told_hidden_) return;
  told_ = now;
  told_hidden_ = hidden_;
  const auto last = parts_.spool.last();
  const auto told =
      write_status(settings_.state_directory, {.updated = stamp.agent_time,
                                               .alive = stamp.at,
                                               .recording = hidden_.empty() && last.has_value(),
                                               .why = last ? hidden_ : "nothing was recorded yet",
                                               .last_entry = last ? last->at : WallTime{},
                                               .server = settings_.server,
                                               .workstation = settings_.workstation,
                                               .interval = settings_.screen.interval * thinning_,
                                               .thinning = thinning_,
                                               .spool = parts_.spool.state(),
                                               .uplink = parts_.uplink.state()});
  if (told) {
    telling_.over();
  } else {
    telling_.is(told.error());
  }
}

}  // namespace mj::agent
