#include "capture/stream_state.h"

namespace mj::capture {

StreamState::StreamState(StreamKey stream, const Clock& clock, Outlet& outlet)
    : stream_(std::move(stream)), clock_(clock), outlet_(outlet) {
  status_.stream = stream_;
  status_.since = clock_.now();
}

void StreamState::started() {
  missing_since_ = clock_.now();
  reported_.reset();
}

void StreamState::connecting(std::string detail) {
  std::lock_guard lock(mutex_);
  if (status_.cause) return;  // why it is not recording is worth more than that it is being tried again
  enter(StreamStatus::State::connecting, std::nullopt, std::move(detail));
}

void StreamState::failed(GapCause cause, std::string detail) {
  {
    std::lock_guard lock(mutex_);
    enter(StreamStatus::State::waiting, cause, detail);
  }
  if (reported_ == cause) return;
  const WallTime begin = reported_ ? clock_.now() : missing_since_;
  reported_ = cause;
  outlet_.on_outage({stream_, begin, cause, std::move(detail)});
}

bool StreamState::on_fragment(Fragment fragment) {
  const WallTime end = fragment.end;
  const uint64_t frames = fragment.frames;
  const uint64_t bytes = fragment.bytes->size();
  const bool accepted = outlet_.on_fragment(std::move(fragment));
  std::lock_guard lock(mutex_);
  if (accepted) {
    missing_since_ = end;
    reported_.reset();
    status_.last_frame = end;
    status_.frames += frames;
    status_.bytes += bytes;
    enter(StreamStatus::State::recording, std::nullopt, "recording");
  } else {
    enter(StreamStatus::State::waiting, GapCause::overload,
          "the recorder cannot keep up; look at the state of its stores");
  }
  return accepted;
}

void StreamState::on_gap(WallTime begin, GapCause cause, std::string detail) {
  outlet_.on_outage({stream_, begin, cause, std::move(detail)});
}

StreamStatus StreamState::status() const {
  std::lock_guard lock(mutex_);
  return status_;
}

void StreamState::enter(StreamStatus::State state, std::optional<GapCause> cause, std::string detail) {
  if (status_.state != state || status_.cause != cause) status_.since = clock_.now();
  status_.state = state;
  status_.cause = cause;
  status_.detail = std::move(detail);
}

}  // namespace mj::capture
