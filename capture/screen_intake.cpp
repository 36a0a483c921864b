#include "capture/screen_intake.h"

#include <algorithm>

#include "capture/shot_check.h"

namespace mj::capture {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kShortestDistance = milliseconds(200);
constexpr Duration kUsualNominal = seconds(5);
constexpr Duration kShortestSilence = seconds(3);
constexpr Duration kTimeError = seconds(1);  // of the agent's measured clock offset
constexpr std::size_t kMostText = 512;
constexpr std::size_t kDigestText = 64;

void clean(ShotFacts& facts) {
  facts.title = clean_utf8(facts.title, kMostText);
  facts.program = clean_utf8(facts.program, kMostText);
  facts.user = clean_utf8(facts.user, kMostText);
  facts.input_sha256 = clean_utf8(facts.input_sha256, kDigestText);
}

std::shared_ptr<const Run> make_run(const StreamKey& stream, WallTime start, const rtsp::VideoConfig& video) {
  auto run = std::make_shared<Run>();
  run->stream = stream;
  run->start = start;
  run->mime = mime_of(video);
  run->init = make_init(video, nullptr);
  run->video_init = run->init;
  run->width = video.width;
  run->height = video.height;
  run->time_error = kTimeError;
  return run;
}

Fragment fragment_of(std::shared_ptr<const Run> run, uint32_t sequence, const Shot& shot) {
  const int64_t decode = to_ticks(shot.at - run->start, kVideoTimescale);
  FragmentContent content;
  content.sequence = sequence;
  content.shot = &shot.facts;
  content.video.samples = {{decode, 0, static_cast<uint32_t>(shot.access_unit.size()), shot.key}};
  content.video.payload = shot.access_unit;
  content.video.end = decode + std::max<int64_t>(to_ticks(shot.nominal, kVideoTimescale), 1);
  return build_fragment(std::move(run), 0, content);
}

}  // namespace

ScreenIntake::ScreenIntake(const config::Settings& settings, const Clock& clock, Outlet& outlet)
    : clock_(clock) {
  for (const config::Workstation& workstation : settings.workstations) {
    auto screen = std::make_unique<Screen>(workstation.id, clock, outlet);
    order_.push_back(screen.get());
    screens_.emplace(workstation.id, std::move(screen));
  }
}

void ScreenIntake::start() {
  for (const auto& [workstation, screen] : screens_) {
    std::lock_guard lock(screen->mutex);
    screen->state.started();
    screen->state.connecting("waiting for the agent on workstation " + workstation);
    screen->heard = clock_.steady_now();
  }
}

Result<void> ScreenIntake::accept(const std::string& workstation, Shot shot) {
  const auto found = screens_.find(workstation);
  if (found == screens_.end())
    return fail(ErrorKind::not_found, "no workstation {} is configured", workstation);
  MJ_CHECK(check_shot(shot));
  clean(shot.facts);
  std::lock_guard lock(found->second->mutex);
  return accept_locked(*found->second, shot);
}

Result<void> ScreenIntake::accept_locked(Screen& screen, Shot& shot) {
  if (screen.stopped) return fail(ErrorKind::unavailable, "the recorder is being stopped");
  if (shot.at <= screen.last_at) return fail(ErrorKind::invalid, "the shot is older than the one before it");
  if (shot.at - screen.last_at < kShortestDistance)
    return fail(ErrorKind::no_space, "shots come faster than 5 a second");
  MJ_CHECK(prepare_run(screen, shot));
  const bool accepted = screen.state.on_fragment(fragment_of(screen.run, ++screen.sequence, shot));
  if (!accepted) {
    screen.key_wanted = true;
    return fail(ErrorKind::unavailable, "the recorder cannot keep up; key frame wanted");
  }
  screen.last_at = shot.at;
  screen.nominal = shot.nominal;
  screen.heard = clock_.steady_now();
  return {};
}

/// The run the shot belongs to, a new one if need be. A shot that only a decoder with the shots before it
/// could read is no beginning.
Result<void> ScreenIntake::prepare_run(Screen& screen, const Shot& shot) {
  const bool same = screen.run && (shot.avc_config.empty() || as_text(screen.record) == shot.avc_config);
  const bool gap = screen.run && shot.at - screen.last_at > 2 * screen.nominal;
  if (same && !gap && (!screen.key_wanted || shot.key)) {
    screen.key_wanted = false;
    return {};
  }
  if (!shot.key)
    return fail(ErrorKind::invalid, "the shot follows nothing that is recorded; key frame wanted");
  MJ_TRY(const rtsp::VideoConfig config,
         parse_avc_config(shot.avc_config.empty() ? BytesView(screen.record) : as_bytes(shot.avc_config)));
  screen.run = make_run(screen.state.stream(), shot.at, config);
  screen.record = config.record;
  screen.sequence = 0;
  screen.key_wanted = false;
  return {};
}

void ScreenIntake::tick() {
  const SteadyTime now = clock_.steady_now();
  for (const auto& [workstation, screen] : screens_) {
    std::lock_guard lock(screen->mutex);
    const Duration nominal = screen->nominal > Duration{0} ? screen->nominal : kUsualNominal;
    const Duration silence = std::chrono::duration_cast<Duration>(now - screen->heard);
    if (screen->stopped || silence <= std::max(3 * nominal, kShortestSilence)) continue;
    screen->state.failed(
        GapCause::agent_away,
        fmt::format("the agent on workstation {} sends nothing; is the computer on and mingjing-agent "
                    "running?",
                    workstation));
  }
}

void ScreenIntake::stop() {
  for (const auto& [workstation, screen] : screens_) {
    std::lock_guard lock(screen->mutex);
    if (std::exchange(screen->stopped, true)) continue;
    screen->state.failed(GapCause::shutdown, "the recorder was stopped");
  }
}

std::vector<StreamStatus> ScreenIntake::status() const {
  std::vector<StreamStatus> all;
  for (const Screen* screen : order_) all.push_back(screen->state.status());
  return all;
}

}  // namespace mj::capture
