#pragma once

#include <deque>

#include "capture/fragmenter.h"
#include "capture/pending_units.h"

namespace mj::capture {

/// The sound of a connected stream, kept until the fragment of the picture it falls into is cut.
/// Owner: a RunBuilder; `arrival` must outlive it. Thread: the source's. Does not: begin runs or cut; that
/// follows the picture. Fails: sound from before the run is dropped, and the oldest when no picture comes (1
/// MiB).
class AudioTrack final : public rtsp::UnitSink {
 public:
  AudioTrack(AudioConfig config, const Arrival& arrival);

  [[nodiscard]] Bytes& payload() override { return pending_.payload(); }
  void on_unit(const rtsp::Unit& unit) override;
  void on_report(uint32_t rtp_time, WallTime camera) {
    timeline_.observe_report(rtp_time, camera, arrival_.steady);
  }

  [[nodiscard]] const AudioConfig& config() const { return config_; }
  /// A new run begins at `start`.
  void begin_run(WallTime start);
  /// Samples before `end` on the run's line. What is returned stays valid until drop_taken().
  [[nodiscard]] TrackPart take_until(WallTime end);
  void drop_taken() { drop_front(taken_); }

 private:
  struct Sample {
    WallTime at;
    uint32_t bytes = 0;
    int64_t ticks = 0;  // how long it sounds
  };

  void place(const PendingUnits::Entry& entry);
  [[nodiscard]] int64_t ticks_of(const rtsp::Unit& unit) const;
  void drop_front(std::size_t count);

  const AudioConfig config_;
  const Arrival& arrival_;
  Timeline timeline_;
  PendingUnits pending_;
  std::deque<Sample> samples_;
  std::size_t taken_ = 0;
  WallTime run_start_{};
  int64_t next_decode_ = 0;  // on the run's line: where the last fragment's sound ended
};

}  // namespace mj::capture
