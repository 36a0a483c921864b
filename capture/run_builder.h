#pragma once

#include <memory>
#include <optional>

#include "capture/audio_track.h"
#include "capture/fragmenter.h"
#include "capture/pending_units.h"
#include "capture/picture_watch.h"

namespace mj::capture {

/// Where a RunBuilder's product goes.
class FragmentSink {
 public:
  virtual ~FragmentSink() = default;
  /// False: refused; the builder then drops up to the next key unit.
  [[nodiscard]] virtual bool on_fragment(Fragment fragment) = 0;
  /// Although the camera is connected there is no footage from `begin` to the next fragment.
  virtual void on_gap(WallTime begin, GapCause cause, std::string detail) = 0;
  /// After each key picture: what the last few look like.
  virtual void on_look(Look) {}
};

/// Units of one connected stream become runs and fragments: the part every camera source has in common.
///
/// A run begins at the first key unit, and again at a key unit where the codec configuration or the clock
/// changed. A fragment is cut at every key unit (but not below a tenth of a second) and at half a second
/// where those are rare. Across connections the builder remembers where the stream's footage ends: nothing is
/// placed before that, so a stream never overlaps itself.
///
/// Owner: a source; `sink` must outlive it. Thread: the source's. Does not: connect, parse, decode, or keep
/// more than about half a second (8 MiB). Fails: units that have no place in a run are dropped.
class RunBuilder final : private rtsp::UnitSink {
 public:
  RunBuilder(StreamKey stream, FragmentSink& sink);

  /// Before the first unit of a connection.
  void begin_session(std::optional<AudioConfig> audio);
  /// Where units go, between begin_session() and end_session(). audio() is null when there is none.
  [[nodiscard]] rtsp::UnitSink& video() { return *this; }
  [[nodiscard]] rtsp::UnitSink* audio() { return audio_.get(); }
  /// When the units arrived that follow.
  void set_arrival(Arrival arrival) { arrival_ = arrival; }
  /// A track's sender report: `camera` on the camera's clock is `rtp_time`; it arrived just now.
  void on_report(rtsp::Track::Kind kind, uint32_t rtp_time, WallTime camera);
  /// The camera's clock − ours, while its reports can be believed.
  [[nodiscard]] std::optional<Duration> camera_offset() const;
  /// Hands on what is open.
  void end_session();

  /// Pictures that found a place in a run since begin_session().
  [[nodiscard]] uint64_t session_frames() const { return session_frames_; }

 private:
  [[nodiscard]] Bytes& payload() override { return pending_.payload(); }
  void on_unit(const rtsp::Unit& unit) override;

  void place_waiting();
  void place(const PendingUnits::Entry& entry);
  [[nodiscard]] bool find_place(const rtsp::Unit& unit, WallTime& at);
  [[nodiscard]] bool needs_new_run(const rtsp::Unit& unit) const;
  [[nodiscard]] WallTime end_run(WallTime at);
  void begin_run(const rtsp::Unit& unit, WallTime start);
  void cut_if_due(const rtsp::Unit& unit, WallTime at);
  void append(const rtsp::Unit& unit, WallTime at, Duration composition);
  void cut(int64_t end);
  [[nodiscard]] int64_t ticks_at(WallTime at) const;

  const StreamKey stream_;
  FragmentSink& sink_;
  Arrival arrival_{};
  std::unique_ptr<Timeline> timeline_;
  std::unique_ptr<AudioTrack> audio_;
  PendingUnits pending_;

  std::shared_ptr<const Run> run_;
  std::shared_ptr<const rtsp::VideoConfig> config_;  // of run_
  int reorder_depth_ = 0;
  std::vector<SampleEntry> samples_;  // of the open fragment
  std::size_t sample_bytes_ = 0;
  int64_t last_decode_ = -1;  // on the run's line
  int64_t step_ = 0;          // between the last two pictures
  uint32_t sequence_ = 0;
  RunBreak pending_break_ = RunBreak::none;
  bool waiting_for_key_ = false;
  PictureWatch pictures_;
  std::optional<WallTime> end_;  // of the stream's footage
  uint64_t session_frames_ = 0;
};

}  // namespace mj::capture
