#include "capture/libav_source.h"

#include <random>

#include "capture/libav_session.h"

namespace mj::capture {
namespace {

/// In [0, 1): only to spread attempts.
double draw() {
  thread_local std::minstd_rand engine(std::random_device{}());
  return std::uniform_real_distribution<double>(0, 1)(engine);
}

}  // namespace

LibavSource::LibavSource(SourceSettings settings, const Clock& clock, Outlet& outlet)
    : settings_(std::move(settings)),
      clock_(clock),
      state_(settings_.stream, clock, outlet),
      builder_(settings_.stream, state_) {}

LibavSource::~LibavSource() {
  request_stop();
  join();
}

void LibavSource::start() {
  thread_ = std::thread([this] { work(); });
}

void LibavSource::request_stop() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopped_.notify_all();
}

void LibavSource::join() {
  if (thread_.joinable()) thread_.join();
}

void LibavSource::work() {
  name_thread(("cap-" + settings_.stream).substr(0, 15).c_str());
  state_.started();
  while (!stop_) {
    const bool auth_failed = record_once();
    if (!stop_) wait(ladder_.next(auth_failed, draw()));
  }
  state_.failed(GapCause::shutdown, "the recorder was stopped");
}

/// One connection. True: the camera refused the credentials.
bool LibavSource::record_once() {
  state_.connecting("connecting to " + redact_url(settings_.url));
  SessionEnd end;
  {
    LibavSession session(settings_, clock_, stop_, builder_);
    end = session.run();
    builder_.end_session();
  }
  if (builder_.session_frames() > 0) ladder_.reset();
  if (stop_) return false;
  const bool news = state_.status().cause != end.cause;
  if (news) {
    spdlog::warn("{}: {}: {}", settings_.stream, name(end.cause), end.detail);
  } else {
    spdlog::debug("{}: {}: {}", settings_.stream, name(end.cause), end.detail);
  }
  state_.failed(end.cause, end.detail);
  return end.cause == GapCause::auth_failed;
}

void LibavSource::wait(Duration duration) {
  std::unique_lock lock(mutex_);
  stopped_.wait_for(lock, duration, [this] { return stop_.load(); });
}

}  // namespace mj::capture
