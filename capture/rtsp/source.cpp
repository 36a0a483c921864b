#include "capture/rtsp/source.h"

namespace mj::capture::rtsp {
namespace {

constexpr int kMostRedirects = 3;

}  // namespace

Source::Source(StreamSpec spec, MediaSink& sink, Pacer& pacer, Surroundings around, uint64_t seed)
    : spec_(std::move(spec)),
      sink_(sink),
      pacer_(pacer),
      around_(around),
      auth_(spec_.user, spec_.password),
      backoff_(around_.limits, seed),
      timer_(around_.executor),
      udp_(spec_.udp),
      patience_(around_.limits.first_frame) {}

Task<> Source::run() {
  while (!stopping_) {
    co_await wait_until(pacer_.turn(around_.clock.steady_now()));
    if (stopping_) co_return;
    sink_.on_connecting();
    Url url = spec_.url;
    Ending ending = co_await attempt(url);
    for (int hop = 0; hop < kMostRedirects && ending.moved_to && !stopping_; ++hop) {
      url = *ending.moved_to;
      ending = co_await attempt(url);
    }
    const Duration pause = stopping_ ? Duration{0} : backoff_.next(ending.cause);
    sink_.on_ended(ending.cause, ending.detail, pause);
    if (!stopping_) co_await wait_until(around_.clock.steady_now() + pause);
  }
}

Task<Ending> Source::attempt(Url url) {
  session_ = std::make_unique<Session>(spec_, url, udp_, auth_, sink_, around_, patience_);
  Ending ending;
  try {
    ending = co_await session_->run();
  } catch (const std::exception& error) {
    ending.detail = fmt::format("this connection failed in the recorder itself ({})", error.what());
  }
  learn(*session_);
  session_.reset();
  co_return ending;
}

void Source::learn(const Session& session) {
  const SteadyTime now = around_.clock.steady_now();
  if (session.first_frame_at() && now - *session.first_frame_at() >= around_.limits.settled) backoff_.reset();
  // With key pictures half a minute apart, waiting longer once is better than coming back at random.
  const bool rare_keys = session.pictures_without_key() && patience_ == around_.limits.first_frame;
  patience_ = rare_keys ? around_.limits.first_key_patient : around_.limits.first_frame;
  // Over UDP a firewall can swallow everything although the camera agrees to all.
  if (spec_.udp && session.answered() && !session.any_packet()) udp_ = !udp_;
}

Task<> Source::wait_until(SteadyTime when) {
  const SteadyTime now = around_.clock.steady_now();
  if (stopping_ || when <= now) co_return;
  timer_.expires_after(when - now);
  (void)co_await timer_.async_wait(kAwait);
}

void Source::tick(SteadyTime now) {
  if (session_) session_->tick(now);
}

void Source::stop(SteadyTime now) {
  stopping_ = true;
  timer_.cancel();
  if (session_) session_->stop(now);
}

}  // namespace mj::capture::rtsp
