#include "capture/libav_source.h"

#include <random>

#include "capture/libav_session.h"

namespace mj::capture {

LibavSource::LibavSource(SourceSettings settings, const Clock& clock, Outlet& outlet)
    : settings_(std::move(settings)),
      clock_(clock),
      state_(settings_.stream, clock, outlet),
      builder_(settings_.stream, state_),
      backoff_(limits_, std::random_device{}()) {}

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
    const GapCause cause = record_once();
    if (!stop_) wait(backoff_.next(cause));
  }
  state_.failed(GapCause::shutdown, "the recorder was stopped");
}

/// One connection; why it ended.
GapCause LibavSource::record_once() {
  state_.connecting("connecting to " + redact_url(settings_.url));
  SessionEnd end;
  {
    LibavSession session(settings_, clock_, stop_, builder_);
    end = session.run();
    builder_.end_session();
  }
  if (builder_.session_frames() > 0) backoff_.reset();
  if (stop_) return GapCause::shutdown;
  const bool news = state_.status().cause != end.cause;
  if (news) {
    spdlog::warn("{}: {}: {}", settings_.stream, name(end.cause), end.detail);
  } else {
    spdlog::debug("{}: {}: {}", settings_.stream, name(end.cause), end.detail);
  }
  state_.failed(end.cause, end.detail);
  return end.cause;
}

void LibavSource::wait(Duration duration) {
  std::unique_lock lock(mutex_);
  stopped_.wait_for(lock, duration, [this] { return stop_.load(); });
}

}  // namespace mj::capture
