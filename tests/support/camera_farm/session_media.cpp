#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <ctime>

#include "tests/support/camera_farm/session.h"
#include "tests/support/camera_farm/tag.h"

extern "C" {
#include <libavutil/mathematics.h>
}

namespace mj::test::farm {
namespace {

constexpr int64_t kReportEveryUs = 5000000;

int64_t clock_us(clockid_t id) {
  timespec time{};
  clock_gettime(id, &time);
  return static_cast<int64_t>(time.tv_sec) * 1000000 + time.tv_nsec / 1000;
}

int64_t micros(double seconds) {
  return static_cast<int64_t>(seconds * 1e6);
}

void put16(uint8_t* at, uint32_t value) {
  at[0] = static_cast<uint8_t>(value >> 8);
  at[1] = static_cast<uint8_t>(value);
}

void put32(uint8_t* at, uint32_t value) {
  put16(at, value >> 16);
  put16(at + 2, value);
}

size_t packet_size(const uint8_t* packet) {
  return kInterleavedHeader + static_cast<size_t>(packet[2] << 8 | packet[3]);
}

}  // namespace

int64_t now_us() {
  return clock_us(CLOCK_MONOTONIC);
}
int64_t wall_us() {
  return clock_us(CLOCK_REALTIME);
}

void Session::play(int64_t now) {
  playing_ = true;
  config_.totals.playing++;
  play_start_wall_ = wall_us();
  // Each camera has its own place in the loop, so key frames of different cameras do not come together.
  const int64_t phase = micros(static_cast<double>(path_hash_ % 100003) / 100003.0 * config_.phase_spread_s);
  const int64_t at = (now + phase) % clip_->loop_us;
  epoch_us_ = now - at;
  while (unit_ < clip_->units.size() && clip_->units[unit_].send_us < at) ++unit_;
  if (!faults_.start_anywhere) {
    // Like most cameras: begin with a key frame now (the last one before "now"), then go on live from there.
    size_t key = std::min(unit_, clip_->units.size() - 1);
    while (key > 0 && !clip_->units[key].key) --key;
    if (!clip_->units[key].key) key = clip_->first_key;
    epoch_us_ = now - clip_->units[key].send_us;
    unit_ = key;
  }
  if (unit_ >= clip_->units.size()) {
    unit_ = 0;
    loop_ = 1;
  }
  next_report_ = now;
  arm_faults(now);
}

void Session::arm_faults(int64_t now) {
  const auto after = [&](double seconds) { return seconds > 0 ? now + micros(seconds) : INT64_MAX; };
  next_drop_ = after(faults_.drop_every);
  next_stall_ = after(faults_.stall_every);
  next_jump_ = after(faults_.jump_every);
  next_garbage_ = after(faults_.garbage_every);
  next_switch_ = after(faults_.switch_every);
}

int64_t Session::due_us() const {
  const int64_t media = loop_ * clip_->loop_us + clip_->units[unit_].send_us;
  return epoch_us_ + media - static_cast<int64_t>(static_cast<double>(media) * faults_.drift_ppm * 1e-6);
}

void Session::advance() {
  if (++unit_ < clip_->units.size()) return;
  unit_ = 0;
  ++loop_;
}

uint32_t Session::rtp_time(const Unit& unit) const {
  const Track& track = clip_->tracks[static_cast<size_t>(unit.track)];
  return out_[static_cast<size_t>(unit.track)].base +
         static_cast<uint32_t>(loop_ * track.loop_ticks + unit.pts_ticks +
                               (jump_us_ + split_us_) * track.clock_rate / 1000000);
}

uint32_t Session::first_rtp_time(size_t track) const {
  for (size_t i = unit_; i < clip_->units.size(); ++i)
    if (static_cast<size_t>(clip_->units[i].track) == track) return rtp_time(clip_->units[i]);
  return out_[track].base;
}

bool Session::on_tick(int64_t now) {
  for (size_t i = 0; i < delayed_replies_.size();) {
    if (delayed_replies_[i].first > now) {
      ++i;
      continue;
    }
    const std::string text = std::move(delayed_replies_[i].second);
    delayed_replies_.erase(delayed_replies_.begin() + static_cast<long>(i));
    if (!write(text)) return false;
  }
  if (!playing_ || !delayed_replies_.empty()) return true;
  if (!inject_faults(now)) return false;
  if (stall_until_ > now) {
    while (due_us() <= now) advance();
    wait_key_ = true;
    return true;
  }
  while (due_us() <= now) {
    if (!send_unit(clip_->units[unit_])) return false;
    advance();
  }
  if (now < next_report_) return true;
  next_report_ = now + kReportEveryUs;
  return send_report(now);
}

bool Session::inject_faults(int64_t now) {
  Totals& totals = config_.totals;
  if (now >= next_drop_) {
    totals.faults++;
    if (faults_.hold_for > 0) config_.held_until_us[path_] = now + micros(faults_.hold_for);
    reset_on_close();
    return false;
  }
  if (now >= next_stall_) {
    totals.faults++;
    stall_until_ = now + micros(faults_.stall_for);
    next_stall_ = stall_until_ + micros(faults_.stall_every);
  }
  if (now >= next_jump_) {
    totals.faults++;
    jump_us_ += micros(faults_.jump_by);
    next_jump_ = now + micros(faults_.jump_every);
  }
  if (now >= next_garbage_) {
    totals.faults++;
    next_garbage_ = now + micros(faults_.garbage_every);
    if (!send_garbage()) return false;
  }
  if (now >= next_switch_) {
    next_switch_ = now + micros(faults_.switch_every);
    switch_clip(now);
  }
  return true;
}

bool Session::send_garbage() {
  Bytes junk(static_cast<size_t>(std::max(1.0, faults_.garbage_bytes)));
  for (uint8_t& byte : junk) byte = static_cast<uint8_t>(random() >> 24);
  return write(junk.data(), junk.size(), false);
}

void Session::switch_clip(int64_t now) {
  const auto next = config_.clips.find(faults_.switch_to);
  if (next == config_.clips.end() || next->second.get() == clip_) return;
  config_.totals.faults++;
  faults_.switch_to = clip_->name;
  const int64_t media = due_us() - epoch_us_;
  clip_ = next->second.get();
  out_.resize(std::max(out_.size(), clip_->tracks.size()));
  unit_ = clip_->first_key;
  loop_ = 0;
  split_us_ += media;
  epoch_us_ = now - clip_->units[unit_].send_us;
}

bool Session::send_unit(const Unit& unit) {
  Out& out = out_[static_cast<size_t>(unit.track)];
  const bool video = clip_->tracks[static_cast<size_t>(unit.track)].video;
  if (!out.set_up) return true;
  if (wait_key_ && video) {
    if (!unit.key) {
      if (stall_until_ == 0) {
        ++dropped_;
        config_.totals.frames_dropped++;
      }
      out.sequence = static_cast<uint16_t>(out.sequence + unit.packets);
      return true;
    }
    wait_key_ = false;
    stall_until_ = 0;
  }
  patch(unit, video);
  out.packets += unit.packets;
  out.octets += unit.payload_octets;
  const auto [data, size] = damaged(unit, video);
  const uint64_t dropped_before = dropped_;
  if (!write(data, size, true)) return false;
  if (dropped_ != dropped_before) {
    wait_key_ = true;
    return true;
  }
  if (video) {
    ++frames_;
    config_.totals.frames++;
  }
  packets_ += unit.packets;
  bytes_ += size;
  config_.totals.packets += unit.packets;
  config_.totals.bytes += size;
  return true;
}

/// Writes this session's numbers into the shared packets; send() copies them, so the next session may do the
/// same.
void Session::patch(const Unit& unit, bool video) {
  Out& out = out_[static_cast<size_t>(unit.track)];
  uint8_t* const begin = clip_->bytes.data() + unit.offset;
  const uint32_t time = rtp_time(unit);
  for (uint8_t* packet = begin; packet < begin + unit.length; packet += packet_size(packet)) {
    packet[1] = out.channel;
    put16(packet + 6, out.sequence++);
    put32(packet + 8, time);
    put32(packet + 12, out.ssrc);
  }
  if (!video || unit.tag_offset < 0) return;
  fmt::format_to_n(begin + unit.tag_offset, kTagTemplate.size(),
                   "FARMTAG cam={:08x} s={:08x} n={:010} us={:016}", path_hash_,
                   static_cast<uint32_t>(number_), frames_ + 1, wall_us());
}

/// The unit's bytes as they are sent: themselves, or a copy with packets left out or a byte changed.
std::pair<const uint8_t*, size_t> Session::damaged(const Unit& unit, bool video) {
  const uint8_t* const begin = clip_->bytes.data() + unit.offset;
  if (faults_.loss <= 0 && faults_.corrupt <= 0) return {begin, unit.length};
  scratch_.clear();
  for (const uint8_t* packet = begin; packet < begin + unit.length; packet += packet_size(packet))
    if (!chance(faults_.loss)) scratch_.insert(scratch_.end(), packet, packet + packet_size(packet));
  if (video && scratch_.size() > 64 && chance(faults_.corrupt))
    scratch_[40 + random() % (scratch_.size() - 40)] ^= 0x55;
  return {scratch_.data(), scratch_.size()};
}

bool Session::send_report(int64_t now) {
  const int64_t wall = wall_us();
  const int64_t media =
      static_cast<int64_t>(static_cast<double>(now - epoch_us_) / (1 - faults_.drift_ppm * 1e-6)) + jump_us_ +
      split_us_;
  for (size_t i = 0; i < clip_->tracks.size(); ++i) {
    const Out& out = out_[i];
    if (!out.set_up) continue;
    uint8_t report[4 + 28] = {'$', static_cast<uint8_t>(out.channel + 1), 0, 28, 0x80, 200, 0, 6};
    put32(report + 8, out.ssrc);
    put32(report + 12, static_cast<uint32_t>(wall / 1000000 + 2208988800));
    put32(report + 16, static_cast<uint32_t>((static_cast<uint64_t>(wall % 1000000) << 32) / 1000000));
    put32(report + 20,
          out.base + static_cast<uint32_t>(av_rescale(media, clip_->tracks[i].clock_rate, 1000000)));
    put32(report + 24, static_cast<uint32_t>(out.packets));
    put32(report + 28, static_cast<uint32_t>(out.octets));
    if (!write(report, sizeof report, false)) return false;
  }
  return true;
}

bool Session::write(const std::string& text) {
  return write(reinterpret_cast<const uint8_t*>(text.data()), text.size(), false);
}

bool Session::write(const uint8_t* data, size_t size, bool may_drop) {
  if (wants_write()) {
    if (pending_.size() - pending_at_ + size > config_.max_pending) {
      if (!may_drop) return true;
      ++dropped_;
      config_.totals.frames_dropped++;
      return true;
    }
    pending_.append(reinterpret_cast<const char*>(data), size);
    return true;
  }
  const ssize_t sent = send(fd_, data, size, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN && errno != EINTR) return false;
  const size_t done = sent < 0 ? 0 : static_cast<size_t>(sent);
  if (done < size) {
    pending_.assign(reinterpret_cast<const char*>(data) + done, size - done);
    pending_at_ = 0;
  }
  return true;
}

bool Session::on_writable() {
  while (wants_write()) {
    const ssize_t sent =
        send(fd_, pending_.data() + pending_at_, pending_.size() - pending_at_, MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN || errno == EINTR;
    pending_at_ += static_cast<size_t>(sent);
  }
  pending_.clear();
  pending_at_ = 0;
  return true;
}

}  // namespace mj::test::farm
