#pragma once

#include <mutex>

#include "capture/run_builder.h"

namespace mj::capture {

/// How one stream is doing: what people are told, and what the outlet must know about missing footage.
/// Every change of cause is an Outage, repetitions are not. Footage that is accepted ends it.
/// Owner: a source; `clock` and `outlet` must outlive it. Threads: status() from any; the rest from the
/// source's own, which makes it the one that keeps the outlet's "one at a time per stream". Fails: never.
class StreamState final : public FragmentSink {
 public:
  StreamState(StreamKey stream, const Clock& clock, Outlet& outlet);

  /// The stream is being watched from now on: what is missing is missing from here.
  void started();
  /// An attempt begins; `detail` says at what.
  void connecting(std::string detail);
  /// There is no footage from now on, or from the end of the last.
  void failed(GapCause cause, std::string detail);
  /// The agent itself says since when and why there is no picture.
  void attested(WallTime begin, GapCause cause, std::string detail, EntryRef entry);
  /// The cause of the outage that is open.
  [[nodiscard]] std::optional<GapCause> reported() const { return reported_; }
  /// Accepted footage ends a failure. The outlet's refusal is a state of ours, but the outlet accounts for it
  /// itself.
  [[nodiscard]] bool on_fragment(Fragment fragment) override;
  void on_gap(WallTime begin, GapCause cause, std::string detail) override;
  void on_look(Look look) override;
  /// The camera's clock − ours, just measured. The outlet hears of it every ten minutes, or when it changed.
  void clock_measured(Duration offset, Duration error);

  [[nodiscard]] StreamStatus status() const;
  [[nodiscard]] const StreamKey& stream() const { return stream_; }

 private:
  void enter(StreamStatus::State state, std::optional<GapCause> cause, std::string detail);

  const StreamKey stream_;
  const Clock& clock_;
  Outlet& outlet_;
  mutable std::mutex mutex_;
  StreamStatus status_;               // under mutex_
  WallTime missing_since_{};          // the thread's: end of footage, or when watching began
  std::optional<GapCause> reported_;  // the thread's: cause of the outage that is open
  std::optional<ClockOffset> told_;   // the thread's: what the outlet knows of the camera's clock
  SteadyTime told_at_{};
};

}  // namespace mj::capture
