#include "capture/audio_track.h"

#include <algorithm>

namespace mj::capture {
namespace {

constexpr std::size_t kMostBytes = 1 << 20;
constexpr std::size_t kMostSamples = 4096;
constexpr int64_t kAacFrame = 1024;  // samples, ISO/IEC 14496-3

}  // namespace

AudioTrack::AudioTrack(AudioConfig config, const Arrival& arrival)
    : config_(std::move(config)), arrival_(arrival), timeline_(config_.rate) {}

void AudioTrack::on_unit(const rtsp::Unit& unit) {
  pending_.push(unit, arrival_);
  if (!timeline_.settled()) timeline_.observe(unit.rtp_time, arrival_);
  while (timeline_.settled()) {
    const auto entry = pending_.take();
    if (!entry) break;
    place(*entry);
  }
  while (pending_.open().size() > kMostBytes || samples_.size() > kMostSamples) drop_front(1);
}

void AudioTrack::place(const PendingUnits::Entry& entry) {
  const rtsp::Unit& unit = entry.unit;
  const WallTime at = timeline_.place(unit.rtp_time, entry.arrival).decode;
  samples_.push_back({at, static_cast<uint32_t>(unit.bytes), ticks_of(unit)});
}

int64_t AudioTrack::ticks_of(const rtsp::Unit& unit) const {
  if (unit.ticks > 0) return unit.ticks;
  if (config_.codec == rtsp::Codec::aac) return kAacFrame;
  return std::max<int64_t>(static_cast<int64_t>(unit.bytes) / std::max(config_.channels, 1), 1);
}

void AudioTrack::begin_run(WallTime start) {
  if (timeline_.settled()) static_cast<void>(timeline_.begin_run());
  run_start_ = start;
  next_decode_ = 0;
}

TrackPart AudioTrack::take_until(WallTime end) {
  std::size_t early = 0;
  while (early < samples_.size() && samples_[early].at < run_start_) ++early;
  drop_front(early);

  TrackPart part;
  std::size_t bytes = 0;
  for (taken_ = 0; taken_ < samples_.size() && samples_[taken_].at < end; ++taken_) {
    const Sample& sample = samples_[taken_];
    const int64_t decode = std::max(to_ticks(sample.at - run_start_, config_.rate), next_decode_);
    part.samples.push_back({decode, 0, sample.bytes, true});
    next_decode_ = decode + 1;
    bytes += sample.bytes;
  }
  part.payload = pending_.open().first(bytes);
  if (part.samples.empty()) return part;
  const int64_t last = part.samples.back().decode;
  const int64_t ticks = samples_[taken_ - 1].ticks;
  part.end = last + ticks;
  if (taken_ <
      samples_.size()) {  // what follows is known: let them touch, unless something is missing between them
    const int64_t next = to_ticks(samples_[taken_].at - run_start_, config_.rate);
    if (next > last && next < last + 2 * ticks) part.end = next;
  }
  next_decode_ = part.end;
  return part;
}

void AudioTrack::drop_front(std::size_t count) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < count; ++i) bytes += samples_[i].bytes;
  samples_.erase(samples_.begin(), samples_.begin() + static_cast<std::ptrdiff_t>(count));
  pending_.drop_front(bytes);
  taken_ -= std::min(taken_, count);
}

}  // namespace mj::capture
