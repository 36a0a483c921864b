#pragma once

#include <cstdint>
#include <map>

#include "config/config.h"

namespace mj::capture::rtsp {

/// UDP may swap datagrams. Holds back those that came too early until the missing ones are there, or until it
/// is clear that they are lost. Owner: a track over UDP. Threads: its session's. Memory: at most kMostHeld
/// datagrams. Does not: know time; a loss at the very end of a stream shows only when later packets arrive.
class ReorderBuffer {
 public:
  static constexpr std::size_t kMostHeld = 32;

  /// Calls `deliver(BytesView)` for every packet that is due now, in order. `sequence` is that of `bytes`.
  template <class Deliver>
  void push(uint16_t sequence, BytesView bytes, Deliver&& deliver) {
    const auto step = started_ ? static_cast<int16_t>(sequence - next_) : int16_t{0};
    if (step < 0 || step > kFarAhead) {  // late, a duplicate, or a restart: SequenceTracker tells them apart
      if (step > 0) restart(deliver);
      deliver(bytes);
      if (step > 0) follow(sequence);
      return;
    }
    if (step > 0) {
      held_.try_emplace(sequence, bytes.begin(), bytes.end());
      if (held_.size() >= kMostHeld) skip_to_earliest();
    } else {
      deliver(bytes);
      follow(sequence);
    }
    release(deliver);
  }

  [[nodiscard]] std::size_t held() const { return held_.size(); }

 private:
  static constexpr int kFarAhead = 512;

  void follow(uint16_t sequence) {
    started_ = true;
    next_ = static_cast<uint16_t>(sequence + 1);
  }
  template <class Deliver>
  void release(Deliver&& deliver) {
    for (auto due = held_.find(next_); due != held_.end(); due = held_.find(next_)) {
      deliver(BytesView(due->second));
      held_.erase(due);
      ++next_;
    }
  }
  template <class Deliver>
  void restart(Deliver&& deliver) {
    while (!held_.empty()) {
      skip_to_earliest();
      release(deliver);
    }
  }
  /// What is missing before the earliest held packet is given up.
  void skip_to_earliest() {
    uint16_t best = held_.begin()->first;
    for (const auto& [sequence, bytes] : held_) {
      if (static_cast<int16_t>(sequence - next_) < static_cast<int16_t>(best - next_)) best = sequence;
    }
    next_ = best;
  }

  bool started_ = false;
  uint16_t next_ = 0;
  std::map<uint16_t, Bytes> held_;
};

}  // namespace mj::capture::rtsp
