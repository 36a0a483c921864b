#include "capture/rtsp/engine.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <random>
#include <thread>

#include "capture/rtsp/source.h"

namespace mj::capture::rtsp {

/// One thread and the sources on it.
struct Engine::Loop {
  explicit Loop(const Clock& clock, const Limits& limits)
      : around{context.get_executor(), clock, limits, scratch}, ticker(context) {}

  void start(std::size_t number) {
    for (const auto& source : sources) {
      asio::co_spawn(context.get_executor(), source->run(),
                     [this](const std::exception_ptr& error) { source_ended(error); });
    }
    running = sources.size();
    if (running > 0) arm_tick();
    thread = std::thread([this, number] {
      name_thread(fmt::format("rtsp-{}", number).c_str());
      context.run();
    });
  }

  /// One timer for all sessions: deadlines need no precision.
  void arm_tick() {
    ticker.expires_after(around.limits.tick);
    ticker.async_wait([this](const ErrorCode& error) {
      if (error || running == 0) return;  // cancel() comes too late for a timer that has expired
      const SteadyTime now = around.clock.steady_now();
      for (const auto& source : sources) source->tick(now);
      arm_tick();
    });
  }

  void source_ended(const std::exception_ptr& error) {
    if (error)
      spdlog::critical(
          "an RTSP source died of an exception; its camera is not recorded until the next start");
    if (--running == 0) ticker.cancel();
  }

  void stop() {
    asio::post(context, [this] {
      const SteadyTime now = around.clock.steady_now();
      for (const auto& source : sources) source->stop(now);
    });
  }

  asio::io_context context{1};
  Scratch scratch;
  Surroundings around;
  Timer ticker;
  std::vector<std::unique_ptr<Source>> sources;
  std::size_t running = 0;
  std::thread thread;
};

Engine::Engine(const Clock& clock, EngineOptions options)
    : clock_(clock), options_(options), pacer_(std::make_unique<Pacer>(options_.limits.connect_spacing)) {
  for (int i = 0; i < std::max(options_.threads, 1); ++i) {
    loops_.push_back(std::make_unique<Loop>(clock_, options_.limits));
  }
}

Engine::~Engine() {
  stop();
}

void Engine::add(StreamSpec spec, MediaSink& sink) {
  Loop& loop = *loops_[streams_ % loops_.size()];
  const uint64_t seed = options_.seed != 0 ? options_.seed + streams_ : std::random_device{}();
  ++streams_;
  loop.sources.push_back(std::make_unique<Source>(std::move(spec), sink, *pacer_, loop.around, seed));
}

void Engine::start() {
  if (std::exchange(started_, true)) return;
  for (std::size_t i = 0; i < loops_.size(); ++i) loops_[i]->start(i);
}

void Engine::stop() {
  if (!std::exchange(started_, false)) return;
  for (const auto& loop : loops_) loop->stop();
  for (const auto& loop : loops_) loop->thread.join();
}

}  // namespace mj::capture::rtsp
