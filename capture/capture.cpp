#include "capture/capture.h"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "capture/libav_source.h"
#include "capture/rtsp_source.h"
#include "capture/screen_intake.h"

namespace mj::capture {
namespace {

constexpr auto kWatch = std::chrono::milliseconds(500);

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

  /// Silence can only be noticed by somebody who looks.
  void watch() {
    name_thread("cap-watch");
    std::unique_lock lock(mutex);
    while (!stopping) {
      stopped.wait_for(lock, kWatch, [this] { return stopping; });
      lock.unlock();
      screens.tick();
      lock.lock();
    }
  }

  rtsp::Engine engine;  // stopped before the sources go
  std::vector<std::unique_ptr<Source>> sources;
  ScreenIntake screens;
  std::mutex mutex;
  std::condition_variable stopped;
  bool running = false;   // under mutex
  bool stopping = false;  // under mutex
  std::thread watcher;
};

Capture::Capture(const config::Settings& settings, const Clock& clock, Outlet& outlet)
    : impl_(std::make_unique<Impl>(settings, clock, outlet)) {}

Capture::~Capture() {
  stop();
}

void Capture::start() {
  {
    std::lock_guard lock(impl_->mutex);
    if (std::exchange(impl_->running, true)) return;
  }
  impl_->screens.start();
  for (const auto& source : impl_->sources) source->start();
  impl_->engine.start();
  impl_->watcher = std::thread([this] { impl_->watch(); });
}

void Capture::stop() {
  {
    std::lock_guard lock(impl_->mutex);
    if (!impl_->running || std::exchange(impl_->stopping, true)) return;
  }
  impl_->stopped.notify_all();
  for (const auto& source : impl_->sources) source->request_stop();
  impl_->screens.stop();
  impl_->engine.stop();
  for (const auto& source : impl_->sources) source->join();
  impl_->watcher.join();
}

std::vector<StreamStatus> Capture::status() const {
  std::vector<StreamStatus> all;
  for (const auto& source : impl_->sources) all.push_back(source->status());
  for (StreamStatus& screen : impl_->screens.status()) all.push_back(std::move(screen));
  return all;
}

Result<void> Capture::accept_shot(const std::string& workstation, Shot shot) {
  return impl_->screens.accept(workstation, std::move(shot));
}

}  // namespace mj::capture
