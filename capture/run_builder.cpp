#include "capture/run_builder.h"

#include <algorithm>

namespace mj::capture {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int64_t kSecond = kVideoTimescale;
constexpr int64_t kUsualStep = kSecond / 25;
constexpr int64_t kShortest = kSecond / 10;  // or cameras that send key units only would make 25 a second
// What is in memory only is lost by kill -9, and that may cost 1 s: half a second, and the wobble of a
// camera's ticks.
constexpr int64_t kLongest = kSecond / 2 + kSecond / 50;
constexpr int64_t kGap = 3 * kSecond;  // without a picture: not footage any more
constexpr std::size_t kMostBytes = 8 << 20;
constexpr std::size_t kMostWaiting = 512;
constexpr Duration kVisibleJump = seconds(1);

double seconds_of(Duration duration) {
  return static_cast<double>(duration.count()) / 1e6;
}

std::shared_ptr<const Run> make_run(const StreamKey& stream, WallTime start, const rtsp::VideoConfig& video,
                                    const AudioConfig* audio, Duration time_error) {
  auto run = std::make_shared<Run>();
  run->stream = stream;
  run->start = start;
  run->mime = mime_of(video);
  run->init = make_init(video, audio);
  run->video_init = make_init(video, nullptr);
  run->width = video.width;
  run->height = video.height;
  if (audio) run->audio = name_of_audio(audio->codec);
  run->time_error = time_error;
  return run;
}

}  // namespace

RunBuilder::RunBuilder(StreamKey stream, FragmentSink& sink) : stream_(std::move(stream)), sink_(sink) {}

void RunBuilder::begin_session(std::optional<AudioConfig> audio) {
  timeline_ = std::make_unique<Timeline>(kVideoTimescale);
  if (end_) timeline_->not_before(*end_);
  audio_ = audio ? std::make_unique<AudioTrack>(std::move(*audio), arrival_) : nullptr;
  pending_ = PendingUnits();
  run_.reset();
  config_.reset();
  reorder_depth_ = 0;
  pending_break_ = RunBreak::none;
  waiting_for_key_ = false;
  session_frames_ = 0;
}

void RunBuilder::end_session() {
  if (!timeline_) return;
  timeline_->settle();
  place_waiting();
  cut(last_decode_ + step_);
  timeline_.reset();
  audio_.reset();
  run_.reset();
}

void RunBuilder::on_report(rtsp::Track::Kind kind, uint32_t rtp_time, WallTime camera) {
  if (!timeline_) return;
  if (kind == rtsp::Track::Kind::video) {
    timeline_->observe_report(rtp_time, camera, arrival_.steady);
  } else if (audio_) {
    audio_->on_report(rtp_time, camera);
  }
}

std::optional<Duration> RunBuilder::camera_offset() const {
  return timeline_ ? timeline_->camera_offset() : std::nullopt;
}

void RunBuilder::on_unit(const rtsp::Unit& unit) {
  pending_.push(unit, arrival_);
  if (!timeline_->settled()) {
    timeline_->observe(unit.rtp_time, arrival_);
    const bool full = pending_.payload().size() > kMostBytes || pending_.waiting() > kMostWaiting;
    if (full) timeline_->settle();
  }
  if (timeline_->settled()) place_waiting();
}

void RunBuilder::place_waiting() {
  while (const auto entry = pending_.take()) place(*entry);
}

void RunBuilder::place(const PendingUnits::Entry& entry) {
  const rtsp::Unit& unit = entry.unit;
  if (unit.config->reorder_depth != reorder_depth_) {
    reorder_depth_ = unit.config->reorder_depth;
    timeline_->set_reorder_depth(reorder_depth_);
  }
  const Timeline::Placed placed = timeline_->place(unit.rtp_time, entry.arrival);
  if (pending_break_ == RunBreak::none)
    pending_break_ = placed.breaks;  // the first is the cause of the others
  WallTime at = placed.decode;
  if (find_place(unit, at)) {
    append(unit, at, placed.composition);
    if (unit.key) sink_.on_look(pictures_.on_key(pending_.open().last(unit.bytes), unit.config->codec));
  } else {
    pending_.drop_last(unit.bytes);
  }
}

/// Begins runs and cuts fragments as the unit demands; `at` changes when a new run ties time anew.
/// False: the unit has no place.
bool RunBuilder::find_place(const rtsp::Unit& unit, WallTime& at) {
  if (needs_new_run(unit)) {
    if (!unit.key || (!run_ && end_ && at < *end_)) return false;
    at = end_run(at);
    begin_run(unit, at);
    return true;
  }
  if (!samples_.empty()) cut_if_due(unit, at);
  if (waiting_for_key_ && !unit.key) return false;
  waiting_for_key_ = false;
  return true;
}

bool RunBuilder::needs_new_run(const rtsp::Unit& unit) const {
  if (!run_) return true;
  if (!unit.key) return false;
  return pending_break_ != RunBreak::none ||
         (unit.config != config_ && unit.config->record != config_->record);
}

/// Cuts the run in use before a unit placed at `at`. Returns where the next run begins.
WallTime RunBuilder::end_run(WallTime at) {
  if (!run_) return at;
  const WallTime tied = pending_break_ != RunBreak::none ? timeline_->begin_run() : at;
  if (samples_.empty()) return std::max(tied, end_.value_or(tied));
  if (tied - at < kVisibleJump) {
    cut(ticks_at(at));
    return *end_;  // the very microsecond, so that there is neither overlap nor hole
  }
  cut(last_decode_ + step_);
  const bool host = pending_break_ == RunBreak::host_clock_step;
  sink_.on_gap(
      *end_, host ? GapCause::clock_step : GapCause::stalled,
      fmt::format("{} by {:.1f} s", host ? "the recorder's clock was set forward" : "pictures came late",
                  seconds_of(tied - at)));
  return tied;
}

void RunBuilder::begin_run(const rtsp::Unit& unit, WallTime start) {
  run_ =
      make_run(stream_, start, *unit.config, audio_ ? &audio_->config() : nullptr, timeline_->state_error());
  if (config_ && config_->record != unit.config->record) pictures_.reset();
  config_ = unit.config;
  if (audio_) audio_->begin_run(start);
  last_decode_ = -1;
  step_ = kUsualStep;
  sequence_ = 0;
  pending_break_ = RunBreak::none;
  waiting_for_key_ = false;
}

void RunBuilder::cut_if_due(const rtsp::Unit& unit, WallTime at) {
  const int64_t now = ticks_at(at);
  const int64_t open = now - samples_.front().decode;
  const bool lost = unit.after_gap && now - last_decode_ > 2 * step_;
  if (lost || now - last_decode_ > std::max(kGap, 3 * step_)) {
    cut(last_decode_ + step_);
    sink_.on_gap(
        *end_, GapCause::stalled,
        fmt::format("{} for {:.1f} s", lost ? "pictures were lost on the way from the camera" : "no picture",
                    seconds_of(at - *end_)));
  } else if (unit.key && (open >= kShortest || !samples_.front().key)) {
    cut(now);
  } else if (open + step_ > kLongest || sample_bytes_ + unit.bytes > kMostBytes) {
    cut(now);
  }
}

void RunBuilder::append(const rtsp::Unit& unit, WallTime at, Duration composition) {
  const int64_t decode = ticks_at(at);
  const auto offset = static_cast<int32_t>(to_ticks(composition, kVideoTimescale));
  if (last_decode_ >= 0 && decode - last_decode_ <= kGap) step_ = decode - last_decode_;
  samples_.push_back({decode, offset, static_cast<uint32_t>(unit.bytes), unit.key});
  sample_bytes_ += unit.bytes;
  last_decode_ = decode;
  ++session_frames_;
}

/// The open samples become a fragment that ends at `end`.
void RunBuilder::cut(int64_t end) {
  if (samples_.empty()) return;
  FragmentContent content;
  content.sequence = ++sequence_;
  content.video = {std::exchange(samples_, {}), pending_.open().first(sample_bytes_), end};
  if (audio_) content.audio = audio_->take_until(run_->start + from_ticks(end, kVideoTimescale));
  Fragment fragment = build_fragment(run_, audio_ ? audio_->config().rate : 0, content);
  end_ = fragment.end;
  waiting_for_key_ = !sink_.on_fragment(std::move(fragment));
  pending_.drop_front(std::exchange(sample_bytes_, 0));
  if (audio_) audio_->drop_taken();
}

/// On the run's line; decode times rise even where rounding would let them stand still.
int64_t RunBuilder::ticks_at(WallTime at) const {
  return std::max(to_ticks(at - run_->start, kVideoTimescale), last_decode_ + 1);
}

}  // namespace mj::capture
