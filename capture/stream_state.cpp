#include "capture/stream_state.h"

#include <algorithm>

namespace mj::capture {
namespace {

constexpr Duration kTellClock = std::chrono::minutes(10);
constexpr Duration kClockChanged = std::chrono::milliseconds(100);

const char* sentence_of(Look look) {
  switch (look) {
    case Look::usual:
      return "the pictures look as usual again";
    case Look::frozen:
      return "the picture is frozen: one key picture is like the other; restart the camera";
    case Look::dark:
      return "the picture is dark or covered: key pictures are far smaller than usual; look at the camera";
  }
  return "";
}

}  // namespace

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
  // Footage may end after now, when our clock was set back.
  const WallTime begin = reported_ ? std::max(clock_.now(), missing_since_) : missing_since_;
  reported_ = cause;
  outlet_.on_outage({stream_, begin, cause, std::move(detail)});
}

void StreamState::attested(WallTime begin, GapCause cause, std::string detail, EntryRef entry) {
  {
    std::lock_guard lock(mutex_);
    enter(StreamStatus::State::waiting, cause, detail);
  }
  reported_ = cause;
  outlet_.on_outage({stream_, begin, cause, std::move(detail), std::move(entry)});
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

void StreamState::on_look(Look look) {
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(status_.look, look) == look) return;
  }
  spdlog::log(look == Look::usual ? spdlog::level::info : spdlog::level::warn, "{}: {}", stream_,
              sentence_of(look));
}

void StreamState::clock_measured(Duration offset, Duration error) {
  const ClockOffset now{stream_, clock_.now(), offset, error};
  {
    std::lock_guard lock(mutex_);
    status_.camera_clock = now;
  }
  const SteadyTime at = clock_.steady_now();
  const Duration change = told_ ? offset - told_->offset : Duration{0};
  const bool changed = change >= kClockChanged || -change >= kClockChanged;
  if (told_ && !changed && at - told_at_ < kTellClock) return;
  told_ = now;
  told_at_ = at;
  outlet_.on_clock_offset(now);
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
