#pragma once

#include <deque>
#include <optional>

#include "capture/rtsp/depacketizer.h"
#include "capture/timeline.h"

namespace mj::capture {

/// One track's units between the depacketizer and the fragment: first the open ones, which have a place on
/// the time line, then those that wait for one. Their bytes lie in one buffer in that order, where the
/// depacketizer wrote them. Owner: a track of a RunBuilder. Thread: its owner's. Does not: decide anything,
/// nor bound itself; its owner does.
class PendingUnits {
 public:
  struct Entry {
    rtsp::Unit unit;
    Arrival arrival;
  };

  /// What the depacketizer appends to, and after each unit: says so.
  [[nodiscard]] Bytes& payload() { return payload_; }
  void push(const rtsp::Unit& unit, Arrival arrival) { waiting_.push_back({unit, arrival}); }

  /// Opens the unit that has waited longest.
  [[nodiscard]] std::optional<Entry> take() {
    if (waiting_.empty()) return std::nullopt;
    Entry entry = std::move(waiting_.front());
    waiting_.pop_front();
    open_bytes_ += entry.unit.bytes;
    return entry;
  }

  /// The bytes of the open units.
  [[nodiscard]] BytesView open() const { return BytesView(payload_).first(open_bytes_); }
  /// Forgets the open unit that was taken last.
  void drop_last(std::size_t bytes) { erase(open_bytes_ - bytes, bytes); }
  /// Forgets open units from the front: they are in a fragment, or too old.
  void drop_front(std::size_t bytes) { erase(0, bytes); }
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

 private:
  void erase(std::size_t from, std::size_t bytes) {
    const auto begin = payload_.begin() + static_cast<std::ptrdiff_t>(from);
    payload_.erase(begin, begin + static_cast<std::ptrdiff_t>(bytes));
    open_bytes_ -= bytes;
  }

  Bytes payload_;
  std::deque<Entry> waiting_;
  std::size_t open_bytes_ = 0;
};

}  // namespace mj::capture
