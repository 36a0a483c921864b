#include "capture/capture.h"

#include <atomic>

#include "capture/libav_source.h"
#include "capture/rtsp_source.h"
#include "capture/screen_intake.h"

namespace mj::capture {
namespace {

SourceSettings source_settings(const config::Camera& camera, const StreamKey& stream,
                               const std::string& url) {
  return {stream, camera.id, url, camera.user, camera.password, camera.transport};
}

/// One thread reads hundreds of cameras; the second is for halls beyond that.
rtsp::EngineOptions engine_options(const config::Settings& settings) {
  constexpr std::size_t kCamerasPerThread = 400;
  rtsp::EngineOptions options;
  options.threads = settings.cameras.size() > kCamerasPerThread ? 2 : 1;
  return options;
}

}  // namespace

struct Capture::Impl {
  Impl(const config::Settings& settings, const Clock& clock, Outlet& outlet)
      : engine(clock, engine_options(settings)), screens(settings, clock, outlet) {
    for (const config::Camera& camera : settings.cameras) {
      add(source_settings(camera, camera.id + ".main", camera.url), clock, outlet);
      if (!camera.sub_url.empty())
        add(source_settings(camera, camera.id + ".sub", camera.sub_url), clock, outlet);
    }
  }

  void add(SourceSettings settings, const Clock& clock, Outlet& outlet) {
    if (settings.transport == config::Transport::libav) {
      sources.push_back(std::make_unique<LibavSource>(std::move(settings), clock, outlet));
    } else {
      sources.push_back(std::make_unique<RtspSource>(std::move(settings), engine, clock, outlet));
    }
  }

  rtsp::Engine engine;  // stopped before the sources go
  std::vector<std::unique_ptr<Source>> sources;
  ScreenIntake screens;
  std::atomic<bool> running = false;
  std::atomic<bool> stopping = false;
};

Capture::Capture(const config::Settings& settings, const Clock& clock, Outlet& outlet)
    : impl_(std::make_unique<Impl>(settings, clock, outlet)) {}

Capture::~Capture() {
  stop();
}

void Capture::start() {
  if (impl_->running.exchange(true)) return;
  impl_->screens.start();
  for (const auto& source : impl_->sources) source->start();
  impl_->engine.start();
}

void Capture::stop() {
  if (!impl_->running || impl_->stopping.exchange(true)) return;
  for (const auto& source : impl_->sources) source->request_stop();
  impl_->screens.stop();
  impl_->engine.stop();
  for (const auto& source : impl_->sources) source->join();
}

void Capture::tick() {
  impl_->screens.tick();
}

std::vector<StreamStatus> Capture::status() const {
  std::vector<StreamStatus> all;
  for (const auto& source : impl_->sources) all.push_back(source->status());
  for (StreamStatus& screen : impl_->screens.status()) all.push_back(std::move(screen));
  return all;
}

Accepted Capture::accept_entries(const EntryBatch& batch, const KnownEntries& known) {
  return impl_->screens.accept(batch, known);
}

Result<ScreenPosition> Capture::position(const std::string& workstation, const std::string& agent,
                                         const KnownEntries& known) {
  return impl_->screens.position(workstation, agent, known);
}

Duration Capture::charge_upload(const std::string& workstation, uint64_t bytes) {
  return impl_->screens.charge_upload(workstation, bytes);
}

}  // namespace mj::capture
